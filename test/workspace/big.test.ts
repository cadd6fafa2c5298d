import { expect, it } from 'vitest'
import { processorTime } from '../helpers/growth.js'
import { createInstance } from './instance.js'

/** A workspace of `size` documents, six functions that call each other to four endpoints. */
function workspaceOf(size: number): string {
  const [calls, queries] = [size * 0.6, size * 0.4]
  const functions = Array.from(
    { length: calls },
    (_, i) =>
      `function "f/${i}" {\n  input {\n    int n\n  }\n  stack {\n    function.run "f/${(i + 1) % calls}" {\n      input = {n: $input.n}\n    } as $x\n  }\n  response = $x\n}`,
  )
  const endpoints = Array.from(
    { length: queries },
    (_, i) => `query "q${i}/{id}" verb=GET {\n  api_group = "g"\n  public = "test"\n  input {\n    int id\n  }\n  stack {\n  }\n  response = $input.id\n}`,
  )
  return [...endpoints, ...functions, 'api_group g {\n}'].join('\n---\n')
}

/** Processor time of a push into an empty workspace, in milliseconds. */
async function pushTime(size: number): Promise<number> {
  const instance = await createInstance()
  try {
    const time = await processorTime(() => instance.push(workspaceOf(size)), 1)
    expect((await instance.dryRun(await instance.pull())).operations.every((operation) => operation.action === 'unchanged')).toBe(true)
    return time
  } finally {
    await instance.drop()
  }
}

it('pushes a workspace of a thousand documents in linear time', async () => {
  await pushTime(50)
  expect((await pushTime(1_000)) / (await pushTime(100))).toBeLessThan(30)
}, 120_000)
