import { expect, it } from 'vitest'
import { createInstance } from './instance.js'

it('pushes a workspace of a thousand documents in seconds', async () => {
  const instance = await createInstance()
  try {
    const functions = Array.from(
      { length: 600 },
      (_, i) =>
        `function "f/${i}" {\n  input {\n    int n\n  }\n  stack {\n    function.run "f/${(i + 1) % 600}" {\n      input = {n: $input.n}\n    } as $x\n  }\n  response = $x\n}`,
    )
    const queries = Array.from(
      { length: 400 },
      (_, i) => `query "q${i}/{id}" verb=GET {\n  api_group = "g"\n  public = "test"\n  input {\n    int id\n  }\n  stack {\n  }\n  response = $input.id\n}`,
    )
    const text = [...queries, ...functions, 'api_group g {\n}'].join('\n---\n')
    const started = performance.now()
    await instance.push(text)
    const seconds = (performance.now() - started) / 1000
    expect((await instance.dryRun(await instance.pull())).operations.every((operation) => operation.action === 'unchanged')).toBe(true)
    expect(seconds).toBeLessThan(15)
  } finally {
    await instance.drop()
  }
})
