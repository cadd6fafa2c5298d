/** TypeScript to JavaScript, by esbuild: it only reads text, in a process of its own that the first use starts. */
import type { TransformOptions } from 'esbuild'

const options: TransformOptions = { loader: 'ts', target: 'es2023', format: 'esm', tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } } }

/** A module without its types; throws for text that is no TypeScript. */
export async function moduleWithoutTypes(source: string): Promise<string> {
  const { transform } = await import('esbuild')
  return (await transform(source, { ...options, logLevel: 'silent' })).code
}

/** The body of an async function without its types; null for text that is no TypeScript, or where esbuild is missing. */
export async function bodyWithoutTypes(body: string): Promise<string | null> {
  try {
    const text = await moduleWithoutTypes(`async function code() {\n${body}\n}`)
    const [from, to] = [text.indexOf('{'), text.lastIndexOf('}')]
    return from < 0 || to < from ? null : text.slice(from + 1, to)
  } catch {
    return null
  }
}
