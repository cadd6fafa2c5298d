/** The regex family. The pattern is piped; subject and pattern are told apart by their delimiters when they come swapped. */
import type { Matcher, RE2JS } from 're2js'
import { type AppError, fatal } from '../errors.js'
import { isShortWalk, longestText, workOf } from '../lib/regex-work.js'
import type { Obj, Value } from '../lib/value.js'
import { defineFilter, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { assertTextLength } from './bounds.js'
import { textOf } from './operand.js'
import { isDelimited, looksLikePattern, patternOf } from './regex-pattern.js'

const group = 'regex'
const subject = { name: 'subject', type: 'text', required: true, summary: 'The text to search.' }

/**
 * Pattern and subject of a filter that pipes one of them: a delimited pattern is the pattern. Without delimiters the subject is
 * piped, as one page of the documentation shows it, unless only the piped text has the signs of a pattern.
 */
function isPatternPiped(piped: string, argument: string): boolean {
  if (isDelimited(piped)) return true
  return !isDelimited(argument) && looksLikePattern(piped) && !looksLikePattern(argument)
}

/** Longest time one filter may search, in ms: nothing else runs meanwhile. */
const longestSearch = 2_000

const tooLong = (filter: string, text: string, hint: string): AppError =>
  fatal(`Filter "${filter}": the text of ${text.length} characters is too long for this pattern.`, { hint, name: 'LimitError' })

/** Pays for one walk of a pattern over a text. Throws when it would take too long. */
function spendSearch(filter: string, context: FilterContext, pattern: RE2JS, text: string): void {
  if (!isShortWalk(pattern, text.length)) throw tooLong(filter, text, `Work on pieces of up to ${longestText(pattern)} characters, or simplify the pattern.`)
  context.spend(Math.ceil(workOf(pattern, text.length) / 256) + 1)
}

/** Goes from match to match. A pattern that looks far ahead for each match takes quadratic time in all: it is ended. */
function* matches(filter: string, { pattern, text }: Search, context: FilterContext): Generator<Matcher> {
  const matcher = pattern.matcher(text)
  const end = performance.now() + longestSearch
  while (matcher.find()) {
    context.spend(16)
    yield matcher
    if (performance.now() > end) throw tooLong(filter, text, 'Work on smaller pieces, or use a pattern that looks less far ahead (.*) after each match.')
  }
}

interface Search {
  pattern: RE2JS
  text: string
}

function searchOf(filter: string, input: Value, args: readonly Value[], context: FilterContext): Search {
  const piped = textOf(filter, input)
  const argument = textOf(filter, args[0] ?? null, 'subject')
  const [source, text] = isPatternPiped(piped, argument) ? [piped, argument] : [argument, piped]
  const pattern = patternOf(filter, source)
  spendSearch(filter, context, pattern, text)
  return { pattern, text }
}

export const regexMatches = defineFilter({
  name: 'regex_matches',
  aliases: ['regex_test'],
  group,
  summary: 'Whether a pattern matches anywhere in a text.',
  input: 'text (pattern)',
  returns: 'bool',
  args: [subject],
  scalar: true,
  cases: [
    ['"/^a.*c$/"|regex_matches:"abbbbc"', 'true'],
    ['"/\\\\d+/"|regex_matches:"abcdef"', 'false'],
    ['"/AB+/i"|regex_matches:"xabb"', 'true'],
    ['"abc123"|regex_matches:"/^[a-z]+\\\\d+$/"', 'true'],
    ['"#^/a/#"|regex_matches:"/a/b"', 'true'],
    ['"/^b$/m"|regex_matches:"a\\nb"', 'true'],
    ['"/a # one\\n b/x"|regex_matches:"ab"', 'true'],
    ['"/(?<=a)b/"|regex_matches:"ab"', 'true'],
    ['"/x/"|regex_matches:null', 'false'],
  ],
  apply(input, args, context) {
    const { pattern, text } = searchOf('regex_matches', input, args, context)
    return pattern.test(text)
  },
})

/** Names of groups by number. */
function groupNames(pattern: RE2JS): Map<number, string> {
  return new Map(Object.entries(pattern.namedGroups()).map(([name, number]) => [number, name]))
}

/** Groups by number as a list; with named groups an object of numbers and names, as PHP gives them. */
function withNames(groups: Value[], names: Map<number, string>): Value {
  if (names.size === 0) return groups
  const out: Obj = new Map()
  groups.forEach((value, number) => {
    const name = names.get(number)
    if (name !== undefined) out.set(name, value)
    out.set(String(number), value)
  })
  return out
}

export const regexFirstMatch = defineFilter({
  name: 'regex_get_first_match',
  aliases: ['regex_match'],
  group,
  summary: 'The first match and its groups; an empty list when there is none.',
  input: 'text (pattern)',
  returns: 'text[] (match and groups)',
  args: [subject],
  scalar: true,
  cases: [
    ['"/(\\\\w+)@(\\\\w+).(\\\\w+)/"|regex_get_first_match:"test@example.com"', '["test@example.com","test","example","com"]'],
    ['"/x/"|regex_get_first_match:"abc"', '[]'],
    ['"/(a)|(b)|(c)/"|regex_get_first_match:"b"', '["b","","b"]'],
    ['"/(?<year>\\\\d{4})-(\\\\d\\\\d)/"|regex_get_first_match:"on 2024-05"', '{"0":"2024-05",year:"2024","1":"2024","2":"05"}'],
  ],
  apply(input, args, context) {
    const { pattern, text } = searchOf('regex_get_first_match', input, args, context)
    const matcher = pattern.matcher(text)
    if (!matcher.find()) return []
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, number) => matcher.group(number))
    // Groups after the last one that took part are left out.
    return withNames(
      groups.slice(0, groups.findLastIndex((found) => found !== null) + 1).map((found) => found ?? ''),
      groupNames(pattern),
    )
  },
})

export const regexAllMatches = defineFilter({
  name: 'regex_get_all_matches',
  aliases: ['regex_match_all'],
  group,
  summary: 'One list of all matches, then one list per group; an empty list when there is none.',
  input: 'text (pattern)',
  returns: 'text[][] (one list per group)',
  args: [subject],
  scalar: true,
  cases: [
    ['"/\\\\b\\\\w+@\\\\w+.\\\\w+\\\\b/"|regex_get_all_matches:"test@example.com"', '[["test@example.com"]]'],
    ['"/(a)(b)/"|regex_get_all_matches:"abab"', '[["ab","ab"],["a","a"],["b","b"]]'],
    ['"/\\\\d/"|regex_get_all_matches:"a1b2"', '[["1","2"]]'],
    ['"/\\\\d/"|regex_get_all_matches:"ab"', '[]'],
    ['"/x*/"|regex_get_all_matches:"ax"', '[["","x",""]]'],
  ],
  apply(input, args, context) {
    const search = searchOf('regex_get_all_matches', input, args, context)
    const groups: Value[][] = Array.from({ length: search.pattern.groupCount() + 1 }, () => [])
    for (const matcher of matches('regex_get_all_matches', search, context)) {
      groups.forEach((list, number) => {
        list.push(matcher.group(number) ?? '')
      })
    }
    return groups[0]?.length === 0 ? [] : withNames(groups, groupNames(search.pattern))
  },
})

export const regexQuote = defineFilter({
  name: 'regex_quote',
  group,
  summary: 'Text with a backslash before every sign that means something in a pattern.',
  input: 'text',
  returns: 'text',
  args: [{ name: 'delimiter', type: 'text', default: '/' }],
  scalar: true,
  cases: [
    ['"Hello. How are you?"|regex_quote:"/"', '"Hello\\\\. How are you\\\\?"'],
    ['"[test]"|regex_quote', '"\\\\[test\\\\]"'],
    ['"a/b#c"|regex_quote', '"a\\\\/b\\\\#c"'],
  ],
  apply(input, args) {
    const delimiter = textOf('regex_quote', args[0] ?? null, 'delimiter').slice(0, 1)
    return textOf('regex_quote', input).replace(/[^\p{L}\p{N}_\s]/gu, (sign) =>
      sign === delimiter || '.\\+*?[^]$(){}=!<>|:-#/'.includes(sign) ? `\\${sign}` : sign,
    )
  },
})

/** A piece of a replacement: text, or the number of a group. */
type Piece = string | number

/** Reads `$1`, `${1}` and `\1`; a backslash before `$` or a backslash makes it plain. */
function parseReplacement(replacement: string): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of replacement.matchAll(/\\([\\$])|[$\\](\d{1,2})|\$\{(\d{1,2})\}/g)) {
    pieces.push(replacement.slice(end, match.index))
    const number = match[2] ?? match[3]
    pieces.push(number === undefined ? (match[1] ?? '') : Number(number))
    end = match.index + match[0].length
  }
  return [...pieces, replacement.slice(end)]
}

/** Pattern, replacement and subject, in whichever order they were given. */
function replacementOrder(piped: string, first: string, second: string): [pattern: string, replacement: string, subject: string] {
  if (!isDelimited(piped)) {
    if (isDelimited(first)) return [first, second, piped]
    if (isDelimited(second)) return [second, first, piped]
  }
  return [piped, first, second]
}

export const regexReplace = defineFilter({
  name: 'regex_replace',
  group,
  summary: 'Replaces every match of a pattern; $1 or \\1 stand for groups.',
  input: 'text (pattern)',
  returns: 'text',
  args: [
    { name: 'replacement', type: 'text', required: true, summary: '$0 is the whole match, $1 the first group.' },
    { name: 'subject', type: 'text', required: true },
  ],
  scalar: true,
  cases: [
    ['"/\\\\s+/"|regex_replace:"-":"Hello   World"', '"Hello-World"'],
    ['"/\\\\s+/"|regex_replace:"-":"a  b"', '"a-b"'],
    ['"/(\\\\w+) (\\\\w+)/"|regex_replace:"$2 \\\\1":"a b"', '"b a"'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a back-reference
    ['"/(a)/"|regex_replace:"${1}1":"a"', '"a1"'],
    ['"/a/"|regex_replace:"\\\\$0":"a"', '"$0"'],
    ['"a1b2"|regex_replace:"/\\\\d/":"#"', '"a#b#"'],
    ['"/x*/"|regex_replace:"-":"ab"', '"-a-b-"'],
    ['"/é/u"|regex_replace:"😀":"é"', '"😀"'],
  ],
  apply(input, args, context) {
    const given: [string, string] = [textOf('regex_replace', args[0] ?? null, 'replacement'), textOf('regex_replace', args[1] ?? null, 'subject')]
    const [source, replacement, text] = replacementOrder(textOf('regex_replace', input), ...given)
    const pattern = patternOf('regex_replace', source)
    spendSearch('regex_replace', context, pattern, text)
    return replaceAll({ pattern, text }, parseReplacement(replacement), context)
  },
})

function replaceAll(search: Search, pieces: readonly Piece[], context: FilterContext): string {
  const { pattern, text } = search
  const groups = pattern.groupCount()
  let out = ''
  let end = 0
  for (const matcher of matches('regex_replace', search, context)) {
    assertTextLength('regex_replace', out.length)
    out += text.slice(end, matcher.start())
    for (const piece of pieces) out += typeof piece === 'string' ? piece : piece <= groups ? (matcher.group(piece) ?? '') : ''
    end = matcher.end()
  }
  return out + text.slice(end)
}

export const regexFilters: FilterSpec[] = [regexMatches, regexFirstMatch, regexAllMatches, regexQuote, regexReplace]
