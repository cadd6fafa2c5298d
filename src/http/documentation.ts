/** Who may read the description of an API group, and the two places where it is: `/apispec:<canonical>` and `/api:<canonical>`. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AdminTokens } from '../auth/admin-tokens.js'
import type { GroupSnapshot, Snapshot } from '../workspace/snapshot.js'
import { type ApiUrl, parseApiUrl } from './api-url.js'
import { bearerToken } from './authenticate.js'
import { groupPage } from './group-page.js'
import { findGroup, unlocated } from './match.js'
import { openApiText } from './openapi.js'
import { jsonAnswer, send } from './respond.js'
import type { HttpSettings } from './settings.js'

export interface DocumentationDeps {
  snapshot(): Snapshot
  adminTokens: Pick<AdminTokens, 'verify'>
  settings: HttpSettings
  sharedHeaders: readonly string[]
}

export interface Documentation {
  /** Answers GET `/api:<canonical>`. Throws AppError `notFound`, the same for absent, disabled and private. */
  page(request: FastifyRequest, reply: FastifyReply, url: ApiUrl): Promise<void>
}

export function documentationRoutes(app: FastifyInstance, deps: DocumentationDeps): Documentation {
  const readable = async (request: FastifyRequest, url: ApiUrl): Promise<GroupSnapshot> => {
    const group = findGroup(deps.snapshot(), url, request)
    if (group === null || !group.swagger.active) throw unlocated()
    if (isOpen(group, url)) return group
    const bearer = bearerToken(request.raw.headers)
    if (bearer === '' || (await deps.adminTokens.verify(bearer)) === null) throw unlocated()
    return group
  }

  /** The group's own token, or its own word that it needs none; development takes silence for that. */
  const isOpen = ({ swagger }: GroupSnapshot, url: ApiUrl): boolean =>
    swagger.token === '' ? swagger.stated || deps.settings.mode === 'development' : isSame(new URLSearchParams(url.query).get('token') ?? '', swagger.token)

  app.get('/apispec::*', async (request, reply) => {
    const url = parseApiUrl((request.raw.url ?? '').replace(/^\/apispec:/, '/api:'))
    if (url === null || url.path.length > 1) throw unlocated()
    const group = await readable(request, url)
    send(reply, jsonAnswer(200, openApiText(group, `${deps.settings.baseUrl}/api:${nameOf(url)}`), deps.sharedHeaders, []))
  })

  return {
    async page(request, reply, url) {
      const group = await readable(request, url)
      send(reply, groupPage(group, `/apispec:${nameOf(url)}?type=json`, deps.sharedHeaders))
    },
  }
}

const nameOf = (url: ApiUrl): string => (url.branch === null ? url.canonical : `${url.canonical}:${encodeURIComponent(url.branch)}`)

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(sha256(given), sha256(wanted))
