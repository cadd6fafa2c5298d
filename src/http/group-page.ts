/** The documentation page of an API group: its endpoints, inputs and answers, and a form that calls them. */
import type { GroupSnapshot } from '../workspace/snapshot.js'
import { escapeHtml, pageAnswer, pageStyle } from './html.js'
import type { Answer } from './respond.js'

/** Runs in the browser. Everything it shows goes through `textContent`. */
const script = `(async () => {
  const el = (name, props = {}, ...children) => { const node = Object.assign(document.createElement(name), props); node.append(...children); return node }
  const main = document.querySelector('main')
  const source = main.dataset.spec + location.search.replace('?', '&')
  const answer = await fetch(source)
  if (!answer.ok) { main.append(el('p', { textContent: 'The description could not be read: ' + answer.status })); return }
  const spec = await answer.json()
  const base = new URL(spec.servers[0].url).pathname
  const token = el('input', { type: 'password', autocomplete: 'off', id: 'token' })
  main.append(el('label', {}, 'Bearer token ', token))
  const typeOf = (schema) => [].concat(schema.type ?? 'any').join(' or ') + (schema.format ? ' (' + schema.format + ')' : '') + (schema.enum ? ': ' + schema.enum.join(', ') : '')
  const sample = (schema) => {
    if (schema.default !== undefined) return schema.default
    if (schema.enum) return schema.enum[0]
    const type = [].concat(schema.type ?? 'string')[0]
    if (type === 'object') return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, member]) => [name, sample(member)]))
    return type === 'array' ? [] : type === 'integer' || type === 'number' ? 0 : type === 'boolean' ? false : ''
  }
  const rows = (operation) => {
    const body = Object.entries(operation.requestBody?.content ?? {})[0]?.[1].schema
    const fromBody = Object.entries(body?.properties ?? {}).map(([name, schema]) => ({ name, in: 'body', required: (body.required ?? []).includes(name), schema }))
    return [...operation.parameters, ...fromBody]
  }
  for (const [path, item] of Object.entries(spec.paths)) for (const [verb, operation] of Object.entries(item)) {
    const box = el('details')
    box.append(el('summary', {}, el('b', { textContent: verb.toUpperCase() }), el('code', { textContent: path }), ' ' + (operation.summary || '')))
    box.append(el('p', { className: 'lock', textContent: operation.security.length ? 'Needs a token of: ' + operation.security.flatMap(Object.keys).join(', ') : 'Needs no token.' }))
    if (operation.description) box.append(el('p', { textContent: operation.description }))
    const inputs = rows(operation)
    if (inputs.length) {
      const table = el('table', {}, el('tr', {}, ...['Input', 'In', 'Type', 'Required', 'Description'].map((text) => el('th', { textContent: text }))))
      for (const input of inputs) table.append(el('tr', {}, ...[input.name, input.in, typeOf(input.schema), input.required ? 'yes' : 'no', input.schema.description ?? ''].map((text) => el('td', { textContent: text }))))
      box.append(table)
    }
    box.append(el('p', { textContent: 'Answers: ' + Object.keys(operation.responses).join(', ') }))
    const fields = operation.parameters.map((input) => { const field = el('input', { value: input.in === 'path' ? '1' : '' }); box.append(el('label', {}, input.in + ' ' + input.name, field)); return [input, field] })
    const type = Object.keys(operation.requestBody?.content ?? {})[0]
    const body = type === 'application/json' ? el('textarea', { value: JSON.stringify(sample(operation.requestBody.content[type].schema), null, 2) }) : null
    if (body) box.append(el('label', {}, 'Body', body))
    const out = el('pre', { ariaLive: 'polite' })
    const call = el('button', { type: 'button', textContent: 'Call' })
    call.onclick = async () => {
      let url = base + path
      const query = new URLSearchParams()
      for (const [input, field] of fields) if (input.in === 'path') url = url.replace('{' + input.name + '}', encodeURIComponent(field.value)); else if (field.value !== '') query.append(input.name, field.value)
      const headers = token.value ? { authorization: 'Bearer ' + token.value } : {}
      if (body) headers['content-type'] = 'application/json'
      try {
        const response = await fetch(url + (query.size ? '?' + query : ''), { method: verb.toUpperCase(), headers, ...(body ? { body: body.value } : {}) })
        const text = await response.text()
        let shown = text
        try { shown = JSON.stringify(JSON.parse(text), null, 2) } catch {}
        out.textContent = response.status + ' ' + response.statusText + '\\n' + shown
      } catch (error) { out.textContent = String(error) }
    }
    box.append(call, out)
    main.append(box)
  }
})()`

/** `specUrl` is a path on this server that ends in a query. */
export function groupPage(group: GroupSnapshot, specUrl: string, shared: readonly string[]): Answer {
  const body = `<h1>${escapeHtml(group.name)}</h1><p>${escapeHtml(group.description)}</p><p><a href="${escapeHtml(specUrl)}">OpenAPI 3.1</a></p><main data-spec="${escapeHtml(specUrl)}"></main>`
  return pageAnswer({ title: group.name, body, style: pageStyle, script }, shared)
}
