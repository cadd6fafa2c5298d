/** The pages at `/` and `/login`. The web console is not there yet; this says so, and in development lists what can be read. */
import type { FastifyInstance } from 'fastify'
import type { Snapshot } from '../workspace/snapshot.js'
import { escapeHtml, pageAnswer, pageStyle } from './html.js'
import { send } from './respond.js'
import type { HttpSettings } from './settings.js'

export function consoleRoute(app: FastifyInstance, deps: { settings: HttpSettings; snapshot(): Snapshot; sharedHeaders: readonly string[] }): void {
  app.get('/', async (_request, reply) => {
    // Production names nothing to strangers.
    const list = deps.settings.mode === 'development' ? groupList(deps.snapshot()) : ''
    const body = `<h1>Stackhold</h1><p>The server runs. The web console is still to come; until then use the command line (<code>npx stackhold --help</code>) or the Metadata API at <code>/api:meta</code>.</p>${list}`
    send(reply, pageAnswer({ title: 'Stackhold', body, style: pageStyle }, deps.sharedHeaders))
  })
  // Where Xano's CLI sends a browser.
  app.get('/login', async (_request, reply) => {
    const command = `xano auth --origin ${deps.settings.baseUrl} --workspace 1 --code TOKEN`
    const body = `<h1>Stackhold</h1><p>Programs sign in with an admin token. Paste one where yours asks for a code, or begin again with it:</p><pre>${escapeHtml(command)}</pre>`
    send(reply, pageAnswer({ title: 'Sign in a program', body, style: pageStyle }, deps.sharedHeaders))
  })
}

function groupList(snapshot: Snapshot): string {
  const items: string[] = []
  for (const workspace of snapshot.workspaces.values())
    for (const branch of workspace.branches.values())
      for (const group of branch.groups.values()) {
        if (!group.active || !group.swagger.active || group.swagger.token !== '') continue
        const href = `/api:${group.canonical}${branch.live ? '' : `:${encodeURIComponent(branch.label)}`}`
        items.push(`<li><a href="${escapeHtml(href)}">${escapeHtml(group.name)}</a> (${escapeHtml(workspace.name)}, branch ${escapeHtml(branch.label)})</li>`)
      }
  return items.length === 0 ? '' : `<h2>API groups</h2><ul>${items.join('')}</ul>`
}
