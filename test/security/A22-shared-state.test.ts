/** Nothing of a request is seen by another one: 500 at once of 50 callers, each waiting here and there (Parse CVE-2026-32242). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { addMember, memberToken, memberWorkspace } from './accounts.js'

const endpoints = `function twice {
  input {
    int n
  }
  stack {
    util.sleep {
      value = 0.001
    }
  }
  response = $input.n * 2
}
---
query mixed verb=POST {
  api_group = "members"
  auth = "member"
  input {
    int n
    decimal wait
  }
  stack {
    var $before {
      value = $auth.id
    }
    util.sleep {
      value = $input.wait
    }
    db.get member {
      field_name = "id"
      field_value = $auth.id
    } as $row
    function.run twice {
      input = {n: $input.n}
    } as $double
    util.set_header {
      value = "X-Caller: " ~ $auth.id
    }
    util.sleep {
      value = $input.wait / 2
    }
  }
  response = {before: $before, id: $auth.id, role: $auth.extras.number, email: $row.email, n: $input.n, double: $double}
}
---
query broken verb=POST {
  api_group = "members"
  auth = "member"
  input {
    int n
  }
  stack {
    util.sleep {
      value = 0.002
    }
    throw {
      name = "Own"
      value = "of " ~ $auth.id
    }
  }
  response = null
}`

let server: ListeningServer
const people: { id: number; token: string; email: string }[] = []
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(`${memberWorkspace}\n---\n${endpoints}`)
  for (let n = 0; n < 50; n++) {
    const email = `person${n}@example.com`
    const id = await addMember(server, email)
    people.push({ id, email, token: await memberToken(server, id, { extras: { number: id * 7 } }) })
  }
}, 120_000)
afterAll(() => server.close())

it('every answer is its own, whoever else is being answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 500 }, async (_, n) => {
      const person = people[(n * 17) % people.length] ?? { id: 0, token: '', email: '' }
      const isBroken = n % 10 === 9
      const body = { n, wait: ((n * 31) % 20) / 1000 }
      const answer = await server.call('POST', `/api:members/${isBroken ? 'broken' : 'mixed'}`, { body, token: person.token })
      return { n, person, isBroken, answer }
    }),
  )
  const wrong = answers.filter(({ n, person: { id, email }, isBroken, answer }) => {
    if (isBroken) return answer.status === 200 || !answer.text.includes(`of ${id}"`)
    const { before, id: told, role, email: address, n: own, double } = answer.body ?? {}
    const isOwn = before === id && told === id && role === id * 7 && address === email && own === n && double === 2 * n
    return !(answer.status === 200 && isOwn && answer.headers.get('x-caller') === String(id))
  })
  expect(wrong.map(({ person, answer }) => `${person.id}: ${answer.status} ${answer.text.slice(0, 200)}`)).toEqual([])
}, 60_000)

it('two callers over one connection are two', async () => {
  const [ann, ben] = people
  for (let round = 0; round < 20; round++) {
    const replies = await Promise.all([ann, ben].map((person) => server.call('GET', '/api:members/who', { token: person?.token ?? '' })))
    expect(replies.map(({ body }) => body.id)).toEqual([ann?.id, ben?.id])
  }
})
