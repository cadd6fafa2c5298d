// The endpoints of stackhold/million.xs, how a request for each is made, and the most rows of `event` that answering it may touch.

/** Rows of `event` per customer. */
export const perCustomer = 20
const second = 1000
export const newest = Date.UTC(2026, 0, 1)

/** SQL that fills both tables with `rows` events, one a second, and what a million of anything looks like: names, tags, titles. */
export const fill = (schema, rows) => [
  `insert into "${schema}".customer (name, region) select 'Customer ' || i, 'region ' || i % 9 from generate_series(1, ${rows / perCustomer}) i`,
  `insert into "${schema}".event (created_at, customer_id, code, status, amount, tags, title)
   select to_timestamp(${newest / second}) - (${rows} - i) * interval '1 second', 1 + (i::bigint * 7919) % ${rows / perCustomer}, 'code-' || i,
     (array['new', 'paid', 'sent', 'done'])[1 + i % 4], (i % 10000) / 100.0, array['tag' || i % 10, 'rare' || i % 5000], 'Title number' || i || ' about topic' || i % 3000
   from generate_series(1, ${rows}) i`,
]

const range = (n) => `from=${newest - ((n % 50) + 1) * 1000 * second}&to=${newest - (n % 50) * 1000 * second}`

/** `path(n, rows)` is the n-th request. */
export const cases = [
  { name: 'get by id', most: 1, path: (n, rows) => `event/${1 + ((n * 104_729) % rows)}` },
  { name: 'get by unique column', most: 1, path: (n, rows) => `by_code?code=code-${1 + ((n * 104_729) % rows)}` },
  { name: 'filtered page with total', most: 2 * perCustomer, path: (n) => `filtered_page?customer_id=${1 + n}` },
  { name: 'filtered page, two filters', most: 2 * perCustomer, path: (n) => `filtered_page?customer_id=${1 + n}&status=paid` },
  { name: 'keyset page by id', most: 51, path: (n, rows) => `keyset_page?after=${(n * 104_729) % (rows - 100)}` },
  { name: 'keyset page by time', most: 60, path: (n) => `latest?before=${newest - n * 5000 * second}` },
  { name: 'newest page', most: 60, path: () => 'latest' },
  { name: 'aggregate of 1000 rows', most: 1_100, path: (n) => `aggregate?${range(n)}` },
  { name: 'count and exists', most: 2 * perCustomer, path: (n) => `count?customer_id=${1 + n}` },
  { name: 'join from the other side', most: perCustomer, path: (n) => `join?customer_id=${1 + n}` },
  { name: 'newest with join and addon', most: 50, path: () => 'newest_with_customer' },
  { name: 'list contains', most: 400, path: (n) => `tagged?tag=rare${n % 5000}` },
  { name: 'text search', most: 700, path: (n) => `search?words=topic${n % 3000}` },
  { name: 'in list of 50', most: 50, path: (n) => `in_list?${Array.from({ length: 50 }, (_, i) => `ids[]=${1 + n * 60 + i}`).join('&')}` },
]
