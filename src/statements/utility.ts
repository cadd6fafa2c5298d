/** The request, its response, and small helpers. */
import { fatal, inputError } from '../errors.js'
import { decodeYaml } from '../filters/yaml.js'
import type { Obj, Value } from '../lib/value.js'
import { toDecimal, toNumber, toText } from '../runtime/convert.js'
import { defineAsyncStatement, defineStatement, type StatementSpec } from '../runtime/define.js'
import type { Frame } from '../runtime/frame.js'
import { release } from '../runtime/ownership.js'
import { parseJson } from '../runtime/serialize.js'

const group = 'utility'

const getEnv = defineStatement({
  name: 'util.get_env',
  group,
  summary: 'All workspace variables.',
  result: 'Object of name → text.',
  examples: ['util.get_env as $env_vars'],
  run: (_, { run }) => run.env,
})

const getAllInput = defineStatement({
  name: 'util.get_all_input',
  group,
  summary: 'All declared inputs, validated.',
  result: 'Object of name → value.',
  examples: ['util.get_all_input as $in'],
  run: (_, { input }) => input,
})

const getInput = defineStatement({
  name: 'util.get_raw_input',
  aliases: ['util.get_input'],
  group,
  summary: 'The input as it was received, undeclared fields included.',
  args: {
    encoding: { type: 'enum json|raw|text|x-www-form-urlencoded|yaml', summary: 'How the body is read; "", raw or text gives it unread.', default: 'json' },
    exclude_middleware: { type: 'bool', summary: 'Accepted; middleware does not change the raw input.' },
  },
  result: 'Object of the fields, or the raw text.',
  examples: ['util.get_raw_input {\n  encoding = "json"\n} as $raw'],
  run: ({ encoding }, frame) => rawInput(toText(encoding ?? null), frame),
})

function rawInput(encoding: string, { run: { request, budget } }: Frame): Value {
  const body = request.rawBody === null ? '' : Buffer.from(request.rawBody).toString('utf8')
  switch (encoding) {
    case 'json':
      return request.rawInput.size > 0 || body === '' ? request.rawInput : bodyAs('JSON', () => parseJson(body))
    case '':
    case 'raw':
    case 'text':
    case 'none':
      return body
    case 'x-www-form-urlencoded':
      return new Map([...new URLSearchParams(body)])
    case 'yaml':
    case 'application/yaml':
    case 'application/x-yaml':
      return bodyAs('YAML', () => decodeYaml(body, budget))
    default:
      throw fatal(`util.get_raw_input knows no encoding "${encoding}".`, { hint: 'Use json, yaml, x-www-form-urlencoded, or "" for the raw text.' })
  }
}

function bodyAs(what: string, read: () => Value): Value {
  try {
    return read()
  } catch {
    throw inputError('body', `The body is not ${what}.`)
  }
}

const getVars: StatementSpec = {
  name: 'util.get_vars',
  group,
  summary: 'All variables that are set so far.',
  result: 'Object of name → value.',
  examples: ['util.get_vars as $vars'],
  compile(step) {
    const slots = step.variables()
    return {
      async: false,
      run(frame) {
        const out: Obj = new Map()
        for (const [name, slot] of slots) {
          const value = frame.slots[slot]
          if (value === undefined) continue
          release(frame, slot)
          out.set(name, value)
        }
        step.store(frame, out)
        return undefined
      },
    }
  },
}

const statusLine = /^HTTP[ /]\d(?:\.\d)?\s+(\d{3})\b/i
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*([^\r\n\0]*)$/

const setHeader = defineStatement({
  name: 'util.set_header',
  group,
  summary: 'Sets a header of the response, or its status by a status line.',
  args: {
    value: { type: 'text', summary: 'A header line, or a status line such as "HTTP/1.1 201 Created".', required: true },
    duplicates: { type: 'enum replace|add|append', summary: 'Whether earlier headers of the name stay.', default: 'replace' },
  },
  examples: ['util.set_header {\n  value = "X-Total: 1"\n  duplicates = "replace"\n}'],
  run({ value, duplicates }, { run: { response } }) {
    const line = toText(value ?? null).trim()
    const status = statusLine.exec(line)
    if (status) {
      const code = Number(status[1])
      if (code < 200 || code > 599) throw fatal(`${code} is not a status of a response.`)
      response.status = code
      return null
    }
    const [, name, text] = headerLine.exec(line) ?? []
    if (name === undefined || text === undefined) throw fatal('util.set_header needs a line such as "X-Total: 1" or "HTTP/1.1 201 Created".')
    if (toText(duplicates ?? null) === 'replace') removeHeader(response.headers, name)
    response.headers.push([name, text.trim()])
    return null
  },
})

function removeHeader(headers: [name: string, value: string][], name: string): void {
  const wanted = name.toLowerCase()
  for (let i = headers.length - 1; i >= 0; i--) if (headers[i]?.[0].toLowerCase() === wanted) headers.splice(i, 1)
}

/** No sleep is longer, in seconds. */
const longestSleep = 60

const sleep = defineAsyncStatement({
  name: 'util.sleep',
  group,
  summary: `Waits; at most ${longestSleep} seconds.`,
  args: { value: { type: 'number', summary: 'Seconds.', required: true } },
  examples: ['util.sleep { value = 0.5 }'],
  async run({ value }) {
    const seconds = Math.min(Math.max(toDecimal(value ?? null), 0), longestSleep)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    return null
  },
})

const coordinate = (summary: string) => ({ type: 'decimal', summary, required: true })
const earthRadius = 6_371_000
const radians = (degrees: number): number => (degrees * Math.PI) / 180

const geoDistance = defineStatement({
  name: 'util.geo_distance',
  group,
  summary: 'Distance of two places on the surface of the Earth.',
  args: {
    latitude_1: coordinate('Latitude of the first place, in degrees.'),
    longitude_1: coordinate('Longitude of the first place.'),
    latitude_2: coordinate('Latitude of the second place.'),
    longitude_2: coordinate('Longitude of the second place.'),
  },
  result: 'Metres.',
  examples: ['util.geo_distance {\n  latitude_1 = 0\n  longitude_1 = 0\n  latitude_2 = 1\n  longitude_2 = 1\n} as $d'],
  run({ latitude_1, longitude_1, latitude_2, longitude_2 }) {
    const [a, b] = [radians(toNumber(latitude_1 ?? null)), radians(toNumber(latitude_2 ?? null))]
    const turn = radians(toNumber(longitude_2 ?? null) - toNumber(longitude_1 ?? null))
    const h = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(turn / 2) ** 2
    return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(h)))
  },
})

const postProcess: StatementSpec = {
  name: 'util.post_process',
  aliases: ['post_process'],
  group,
  summary: 'Runs statements after the response was sent, with the variables as they are here.',
  blocks: { stack: { summary: 'The statements.', required: true } },
  examples: ['util.post_process {\n  stack {\n    debug.log { value = "later" }\n  }\n}'],
  compile(step) {
    const body = step.body('stack')
    return {
      async: false,
      run(frame) {
        frame.slots.forEach((_, slot) => void release(frame, slot))
        const later: Frame = { ...frame, slots: frame.slots.slice(), owners: frame.owners.map(() => null) }
        frame.run.afterResponse(async () => void (await body.run(later)))
        return undefined
      },
    }
  },
}

export const utilityStatements = [getEnv, getAllInput, getInput, getVars, setHeader, sleep, geoDistance, postProcess]
