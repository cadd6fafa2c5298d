/** One thing is left and fifty want it: a transaction with a lock sells it once, on two servers (ASVS 2.3.4, 15.4.2). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const buy = (name: string, take: string): string => `query ${name} verb=POST {
  api_group = "shop"
  public = "test"
  input {
    int item_id
    int buyer
  }
  stack {
    db.transaction {
      stack {
        ${take}
        db.add sale {
          data = {item_id: $input.item_id, buyer: $input.buyer}
        } as $sale
      }
    }
  }
  response = $sale.id
}`
const refuse = `error_type = "accessdenied"
          error = "Sold out."`
const workspace = [
  'api_group shop {\n  canonical = "shop"\n}',
  'table item {\n  schema {\n    int id\n    int stock\n  }\n}',
  'table sale {\n  schema {\n    int id\n    int item_id\n    int buyer\n  }\n}',
  'table claim {\n  schema {\n    int id\n    int item_id\n  }\n  index = [\n    {type: "primary", field: [{name: "id"}]}\n    {type: "btree|unique", field: [{name: "item_id", op: "asc"}]}\n  ]\n}',
  buy(
    'locked',
    `db.query item {
          where = $db.item.id == $input.item_id
          lock = true
          return = {type: "single"}
        } as $item
        precondition ($item.stock > 0) {
          ${refuse}
        }
        util.sleep {
          value = 0.002
        }
        db.edit item {
          field_name = "id"
          field_value = $item.id
          data = {stock: $item.stock - 1}
        } as $left`,
  ),
  buy(
    'got',
    `db.get item {
          field_name = "id"
          field_value = $input.item_id
          lock = true
        } as $item
        precondition ($item.stock > 0) {
          ${refuse}
        }
        db.edit item {
          field_name = "id"
          field_value = $item.id
          data = {stock: $item.stock - 1}
        } as $left`,
  ),
  buy(
    'claimed',
    `db.add claim {
          data = {item_id: $input.item_id}
        } as $claim`,
  ),
  buy(
    'undone',
    `db.query item {
          where = $db.item.id == $input.item_id
          lock = true
          return = {type: "single"}
        } as $item
        db.edit item {
          field_name = "id"
          field_value = $item.id
          data = {stock: $item.stock - 1}
        } as $left
        precondition ($left.stock >= 0) {
          ${refuse}
        }`,
  ),
].join('\n---\n')

let server: ListeningServer
let node: { url: string; close(): Promise<void> }
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(workspace)
  node = await server.addNode()
}, 60_000)
afterAll(async () => {
  await node.close()
  await server.close()
})

it.each([
  ['locked', 1, 403],
  ['locked', 7, 403],
  ['got', 1, 403],
  ['undone', 1, 403],
  // A unique index refuses the others; a stack that expects it catches that.
  ['claimed', 1, 500],
])('%s, with a stock of %i', { timeout: 60_000 }, async (name, stock, refusal) => {
  const [item] = await server.query<{ id: number }>('insert into ws_1_live.item (stock) values ($1) returning id', [stock])
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, buyer) =>
      server.call('POST', `/api:shop/${name}`, { body: { item_id: item?.id, buyer }, url: buyer % 2 === 0 ? server.url : node.url }),
    ),
  )
  const sold = answers.filter(({ status }) => status === 200)
  // Who waits too long for the lock is told to come again, and has bought nothing.
  expect(answers.filter(({ status }) => ![200, refusal, 503].includes(status)).map(({ text }) => text)).toEqual([])
  expect(sold.length).toBe(stock)
  const sales = await server.query('select buyer from ws_1_live.sale where item_id = $1', [item?.id])
  expect(sales).toHaveLength(stock)
  if (name !== 'claimed') expect(await server.query('select stock::int from ws_1_live.item where id = $1', [item?.id])).toEqual([{ stock: 0 }])
})
