/** Our own pages: one file each, nothing loaded from elsewhere, scripts and styles allowed by their hash. */
import { createHash } from 'node:crypto'
import type { Answer } from './respond.js'

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

export interface Page {
  title: string
  /** HTML; whatever comes from a definition is escaped by the caller. */
  body: string
  style: string
  script?: string
}

/** The page as an answer whose policy allows exactly its own script and style. */
export function pageAnswer({ title, body, style, script = '' }: Page, shared: readonly string[]): Answer {
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    ...(script === '' ? [] : [`script-src ${hashOf(script)}`, "connect-src 'self'"]),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${style}</style></head><body>${body}${script === '' ? '' : `<script>${script}</script>`}</body></html>`
  const headers = ['content-type', 'text/html; charset=utf-8', 'content-length', String(Buffer.byteLength(html))]
  for (let i = 0; i < shared.length; i += 2) headers.push(shared[i] ?? '', shared[i] === 'content-security-policy' ? policy : (shared[i + 1] ?? ''))
  return { status: 200, headers, body: html }
}

export const pageStyle = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem}
h1{margin:0 0 .25rem}h1,p,summary{overflow-wrap:anywhere}code,pre,textarea,input{font:14px/1.4 ui-monospace,monospace}a:focus-visible,button:focus-visible,summary:focus-visible,input:focus-visible,textarea:focus-visible{outline:2px solid Highlight;outline-offset:2px}
details{border:1px solid #8886;border-radius:6px;margin:.5rem 0;padding:.5rem .75rem;overflow-x:auto}summary{cursor:pointer}summary b{display:inline-block;min-width:4.5rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #8884;vertical-align:top}
input,textarea{width:100%;box-sizing:border-box;padding:.35rem}textarea{min-height:7rem}button{padding:.4rem 1rem;margin:.5rem 0}pre{overflow:auto;background:#8881;padding:.75rem;border-radius:6px}label{display:block;margin:.5rem 0}.lock{opacity:.75}`
