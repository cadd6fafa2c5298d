/** How the environment writes numbers of alert rules. */
import { z } from 'zod'

/** `login-burst=50/10,path-scan=off`: so many within so many minutes, or not at all. */
export const alertRules = () =>
  z
    .string()
    .regex(
      /^[a-z-]+=(off|[1-9]\d{0,6}\/[1-9]\d{0,3})(\s*,\s*[a-z-]+=(off|[1-9]\d{0,6}\/[1-9]\d{0,3}))*$/,
      'must be rules such as login-burst=50/10,path-scan=off',
    )
    .transform((text) =>
      Object.fromEntries(
        text.split(/\s*,\s*/).map((item) => {
          const [id = '', numbers = ''] = item.split('=')
          const [count, minutes] = numbers.split('/').map(Number)
          return [id, numbers === 'off' ? { enabled: false } : { count: count ?? 1, minutes: Math.min(minutes ?? 1, 1_440) }] as const
        }),
      ),
    )
