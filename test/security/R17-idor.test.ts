/** The data flow rule over stacks that are right and stacks that are wrong: none of the wrong ones is missed, none of the right ones is blamed. */
import { describe, expect, it } from 'vitest'
import { growth } from '../helpers/growth.js'
import { bad, delPost, editPost, endpoint, getPost, good } from './idor-cases.js'
import { tables } from './idor-tables.js'
import { findings } from './rules-harness.js'

/** Tables whose owner column references nothing and is only called like one. */
const unreferenced = (column: string): string => tables.replace('int author_id {\n      table = "user"\n    }', `int ${column}`)

const idor = (text: string, around = tables) => findings(text, around).filter(({ rule }) => rule.id === 'idor-dataflow')

describe('R17: an input that picks the rows of others', () => {
  it('has a corpus of at least 30 and 30', () => expect([good.length >= 30, bad.length >= 30]).toEqual([true, true]))
  it.each(good)('good: %s', (_, text) => expect(idor(text).map(({ message }) => message)).toEqual([]))
  it.each(bad)('bad: %s', (_, text) => {
    const found = idor(text)
    expect(found.length).toBeGreaterThan(0)
    expect(found.every(({ fix, line }) => fix !== '' && (line ?? 0) > 0)).toBe(true)
  })
  it.each(['user_id', 'userId', 'user', 'uid', 'account', 'owner', 'author_id', 'created_by'])('knows the owner column "%s" by its name', (column) => {
    const around = unreferenced(column)
    expect(idor(endpoint(delPost), around)).toHaveLength(1)
    expect(idor(endpoint(`${getPost}\nprecondition ($post.${column} == $auth.id)\n${delPost}`), around)).toEqual([])
  })
  it('the ids of another auth table prove nothing', () => {
    const two = `${tables}\n---\ntable staff {\n  auth = true\n  schema {\n    int id\n  }\n}`
    const text = endpoint(`${getPost}\nprecondition ($post.author_id == $auth.id)\n${delPost}`, { auth: 'auth = "staff"' })
    expect(idor(text, two)).toHaveLength(1)
  })
  it('says so when a stack has more ways through it than can be followed, and follows no more however deep it is', async () => {
    const nested = (depth: number): string =>
      depth === 0 ? 'var $x { value = 1 }' : `foreach ($input.ids) {\n  each as $i${depth} {\n${nested(depth - 1)}\n  }\n}`
    const refuse = (depth: number) => () => {
      const found = idor(endpoint(nested(depth), { input: 'int[] ids' }))
      expect(found.map(({ message }) => message)).toEqual([expect.stringContaining('more ways through it than can be followed')])
    }
    expect(await growth(refuse(16), refuse(32))).toBeLessThan(10)
  })
  describe('where the table has rules', () => {
    const ruled = (rules: string): string => tables.replace('table post {', `table post {\n  rules = {${rules}}`)
    const owner = '$db.post.author_id == $auth.id'
    const all = `read: ${owner}, create: ${owner}, update: ${owner}, delete: ${owner}`
    const rulesOf = (text: string, around: string) => findings(text, around).map(({ rule }) => rule.id)
    const shown = endpoint(getPost, { response: '$post' })
    const listed = endpoint('db.query post {\n  return = {type: "list", paging: {page: 1, per_page: 9}}\n} as $x', { response: '$x' })
    const comments = 'db.query comment {\n  where = $db.comment.post_id == $post.id\n  return = {type: "list", paging: {page: 1, per_page: 9}}\n} as $comments'

    it.each([
      ['read', shown],
      ['list', listed],
      ['change', endpoint(editPost)],
      ['delete', endpoint(delPost)],
      ['a function', endpoint('function.run get_post {\n  input = {id: $input.id}\n} as $x', { response: '$x' })],
      ['rows that hang on a ruled row', endpoint(`${getPost}\n${comments}`, { response: '$comments' })],
      ['the owner of a new row', endpoint('db.add post {\n  data = {author_id: $input.user_id, title: "x"}\n}')],
    ])('%s finds nothing, and finds it without rules', (_name, text) => {
      expect(rulesOf(text, tables)).not.toEqual([])
      expect(rulesOf(text, ruled(all))).toEqual([])
    })

    it.each([
      ['the operation is open', `read: true, update: true, delete: true`, delPost],
      ['every token will do', `read: $auth.id != null, update: $auth.id != null`, editPost],
      ['one way is open', `read: ${owner} || $auth.table == "user", delete: true`, delPost],
    ])('%s: it is found', (_name, rules, stack) => {
      expect(idor(endpoint(stack), ruled(rules))).toHaveLength(1)
    })

    it('a rule that lets roles, public rows or other accounts in is the decision of the builder', () => {
      for (const rule of [`${owner} || $auth.role == "admin"`, `${owner} || $db.post.published == true`, `${owner} || $auth.table == "staff"`])
        expect(idor(shown, ruled(`read: ${rule}`))).toEqual([])
    })

    it('what may be read need not be what may be written: each operation has its own rule', () => {
      const around = ruled('read: true, update: $db.post.author_id == $auth.id, delete: true')
      expect([idor(endpoint(editPost), around).length, idor(endpoint(delPost), around).length, idor(shown, around).length]).toEqual([0, 1, 1])
    })

    it('bypass_rules brings the finding back, where it stands', () => {
      const exempt = (text: string): string => text.replace('auth = "user"', 'auth = "user"\n  bypass_rules = "The office looks after every post."')
      expect(idor(exempt(endpoint(delPost)), ruled(all))).toHaveLength(1)
      expect(rulesOf(exempt(endpoint('db.add post {\n  data = {author_id: $input.user_id, title: "x"}\n}')), ruled(all))).toContain('mass-assignment')
      const called = ruled(all).replace('function get_post {', 'function get_post {\n  bypass_rules = "The office looks after every post."')
      expect(idor(endpoint('function.run get_post {\n  input = {id: $input.id}\n} as $x', { response: '$x' }), called)).toHaveLength(1)
    })

    it('that a row may be read does not prove whose it is: no token for its owner', () => {
      const token = 'security.create_auth_token {\n  table = "user"\n  id = $post.author_id\n} as $token'
      const text = endpoint(`${getPost}\nprecondition ($post != null)\n${token}`, { response: '$token' })
      expect(rulesOf(text, ruled(`read: ${owner} || $db.post.published == true`))).toContain('unproven-token')
    })
  })
  it('is accepted with a reason, and only with one', () => {
    const accepted = (reason: string) =>
      findings(endpoint(delPost).replace('auth = "user"', `auth = "user"\n  security_exceptions = {"idor-dataflow": "${reason}"}`), tables)
    expect(accepted('Staff may delete every post.').find(({ rule }) => rule.id === 'idor-dataflow')?.accepted).toBe('Staff may delete every post.')
    expect(accepted('ok').map(({ rule, accepted: reason }) => [rule.id, reason])).toEqual(
      expect.arrayContaining([
        ['idor-dataflow', null],
        ['exception-without-reason', null],
      ]),
    )
  })
})
