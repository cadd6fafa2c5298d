import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../src/lang/parser.js'
import { printExpression } from '../../src/lang/printer.js'
import { Source } from '../../src/lang/source.js'
import {
  definitionExprs,
  definitionFields,
  definitionStatements,
  transformExpr,
  visitExpr,
  visitStatements,
  withoutLines,
  withoutPositions,
} from '../../src/lang/visit.js'
import { definition, expr, grammar, stack } from './helpers.js'

describe('visitExpr', () => {
  const text = '{a: $b.c[$d], ...$e, $k: [...$f, $g ? $h : -$i]}|map:$j ~ ($l between $m:$n):(|uuid)'

  it('reaches every expression, outer before inner', () => {
    const names: string[] = []
    visitExpr(expr(text), (e) => {
      if (e.type === 'variable') names.push(e.name)
    })
    expect(names.join('')).toBe('bdekfghijlmn')
  })

  it('skips what is inside on false', () => {
    const seen: string[] = []
    visitExpr(expr('[$a, [$b]]|f'), (e) => {
      seen.push(e.type)
      return e.type !== 'list'
    })
    expect(seen).toEqual(['filter', 'list'])
  })

  it('rewrites copies, inner before outer', () => {
    const tree = expr(text)
    const before = JSON.stringify(tree)
    const changed = transformExpr(tree, (e) => (e.type === 'variable' ? { ...e, name: `${e.name}2` } : e))
    expect(printExpression(changed)).toBe('{a: $b2.c[$d2], ...$e2, $k2: [...$f2, $g2 ? $h2 : -$i2]}|map:$j2 ~ ($l2 between $m2:$n2):(|uuid)')
    expect(JSON.stringify(tree)).toBe(before)
  })
})

describe('statements and fields of a definition', () => {
  const found = definition(`function f {
  input {
    object a { schema { text b?="x" } }
  }
  stack {
    conditional {
      if ($c) {
        var $d { value = 1 }
      }
      else {
        break
      }
    }
  }
  response = $e
  test "t" {
    expect.to_equal ($response) { value = 2 }
  }
}`)

  it('are all found', () => {
    expect(definitionStatements(found).map((s) => s.name)).toEqual(['conditional', 'var', 'break', 'expect.to_equal'])
    expect(definitionFields(found).map((f) => f.name)).toEqual(['a', 'b'])
    expect(definitionExprs(found).map(printExpression)).toEqual(['"x"', '$c', '$d', '1', '$response', '2', '$e'])
  })

  it('come with the block around them', () => {
    const around: string[] = []
    visitStatements(stack('group { stack { break } }'), (s, block) => around.push(`${s.name} in ${block?.name}`))
    expect(around).toEqual(['group in undefined', 'break in stack'])
  })
})

describe('withoutPositions', () => {
  it('removes offsets and keeps lines; withoutLines removes both', () => {
    const { definition: tree } = parseDocument(new Source('s', 'function f {\n stack {\n  var $at {\n   value = {at: 1, line: 2}\n  }\n }\n}'), grammar)
    expect(JSON.stringify(tree)).toContain('"at":')
    const stored = withoutPositions(tree)
    expect(JSON.stringify(stored)).not.toContain('"at":')
    expect(stored?.stack?.[0]).toMatchObject({ line: 3, head: [{ name: 'at' }] })
    expect(JSON.stringify(withoutLines(tree))).not.toContain('"line":')
    expect(withoutLines(tree)?.stack?.[0]?.args[0]?.value).toMatchObject({ entries: [{ key: 'at' }, { key: 'line' }] })
  })
})
