/** What clients of the Metadata API ask for and this server does not have: they are told so, and what to use instead. */
import { AppError } from '../../errors.js'

interface Absent {
  path: RegExp
  message: string
  /** What to use instead. */
  hint: string
}

const notYet = (what: string): string => `not supported yet: ${what}`
const workspace = '^/workspace/[^/]+'
const inWorkspace = (path: string): RegExp => new RegExp(`${workspace}/${path}(/|$)`)
const inInstance = (path: string): RegExp => new RegExp(`^/${path}(/|$)`)

const hosted = (what: string): string => `${what} belong to the hosted product; this server has none.`
const documents = 'Pull and push documents: GET and POST /workspace/{id}/multidoc, with records=true for the rows.'

const absences: readonly Absent[] = [
  { path: inInstance('sandbox'), message: hosted('Sandboxes'), hint: 'Use a branch (POST /workspace/{id}/branch) or another workspace.' },
  { path: inWorkspace('tenant'), message: hosted('Tenants'), hint: 'Use a workspace, or a server, for each tenant.' },
  { path: inInstance('tenant'), message: hosted('Clusters of tenants'), hint: 'Use a workspace, or a server, for each tenant.' },
  { path: inInstance('platform'), message: hosted('Platforms'), hint: 'GET /instance says what this server is.' },
  { path: inWorkspace('release'), message: hosted('Releases'), hint: 'Make a branch and set it live: POST /workspace/{id}/branch/{label}/live.' },
  { path: inInstance('snippet'), message: hosted('Shared snippets'), hint: documents },
  { path: inInstance('users'), message: hosted('Users of an instance'), hint: 'Administrators of this server are below /account.' },
  {
    path: inInstance('mcp_server/documentation'),
    message: notYet('documentation for AI tools'),
    hint: 'GET /registry lists every statement, filter and type.',
  },
  { path: inWorkspace('(export|import)(-schema)?'), message: notYet('archives'), hint: documents },
  { path: inWorkspace('env'), message: notYet('single variables'), hint: 'Variables travel in `workspace { env }` of the documents: multidoc?env=true.' },
  { path: inWorkspace('(function|task|middleware|tool|trigger)_history'), message: notYet('this history'), hint: 'GET /workspace/{id}/request_history.' },
  { path: inWorkspace('file'), message: notYet('files'), hint: 'Keep files elsewhere, and their addresses in a text column.' },
  { path: inWorkspace('static_host'), message: notYet('static hosting'), hint: 'Serve the website elsewhere, and list its origin in `cors` of the API group.' },
  { path: inWorkspace('knowledge'), message: notYet('knowledge'), hint: 'GET /workspace/{id}/context describes a workspace.' },
  { path: inWorkspace('realtime'), message: notYet('realtime settings'), hint: 'Channels are stored: GET /workspace/{id}/realtime/channel.' },
  {
    path: inWorkspace('table/[^/]+/autocomplete'),
    message: notYet('autocomplete of tables'),
    hint: 'GET /workspace/{id}/table/{id}/schema lists the columns.',
  },
]

/** The answer for a path below `/api:meta` that no route serves. */
export function absentError(path: string): AppError {
  const found = absences.find((absent) => absent.path.test(path))
  return found === undefined ? new AppError('notFound', 'Unable to locate request.') : new AppError('unsupported', found.message, { hint: found.hint })
}
