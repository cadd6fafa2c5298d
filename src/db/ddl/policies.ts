/** Row level security of tables with rules: the second layer, held by Postgres whatever statement reaches the table. */
import { type Rule, ruleOperations } from '../../definitions/rules.js'
import type { TableModel } from '../../definitions/table.js'
import { ruleSql, rulesRole } from '../rules.js'
import { isUnset, textLiteral } from './column.js'
import { doBlock } from './do-block.js'
import { quote } from './names.js'

const policyNames = ruleOperations.map((operation) => `stackhold_${operation}`)

/** Takes the rules off a table. */
export const dropPoliciesSql = (target: string): string[] => [
  ...policyNames.map((name) => `drop policy if exists ${name} on ${target}`),
  `alter table ${target} disable row level security`,
]

/** Makes the role of the workspace, lets it reach the schema, and puts the rules on a table. */
export function createPoliciesSql(workspaceId: number, schema: string, table: TableModel): string[] {
  const { rules } = table
  if (rules === undefined) return []
  const target = quote(schema, table.name)
  const read = ruleSql(rules.read, table, table.name)
  const [update, remove] = [rules.update, rules.delete].map((rule) => ruleSql(rule, table, table.name))
  const create = [ruleSql(rules.create, table, table.name), ...rules.columns.map((column) => settable(table, column))].join(' and ')
  const bodies = [
    ['select', `using (${read})`],
    ['insert', `with check (${create})`],
    ['update', `using (${update}) with check (${update})`],
    ['delete', `using (${remove})`],
  ]
  return [
    `alter table ${target} enable row level security`,
    grantSql(workspaceId, schema),
    ...bodies.map(([command, body], i) =>
      policySql(workspaceId, `create policy ${policyNames[i] ?? ''} on ${target} for ${command ?? ''} to `, ` ${body ?? ''}`),
    ),
  ]
}

/** A new row holds in a column with a rule what it would hold if nobody had named it, unless the rule allows more. */
function settable(table: TableModel, { name, rule }: { name: string; rule: Rule }): string {
  const column = table.columns.find((candidate) => candidate.name === name)
  return column === undefined ? 'true' : `(${ruleSql(rule, table, table.name)} or ${isUnset(column, quote(table.name, name))})`
}

/** The name of the role depends on the database: Postgres puts it in. */
const policySql = (workspaceId: number, head: string, tail: string): string =>
  doBlock(`begin execute ${textLiteral(head)} || quote_ident(${rulesRole(workspaceId)}) || ${textLiteral(tail)}; end`)

/** Everything in the schema may be reached; rows of tables with rules only as these say. */
const grantSql = (workspaceId: number, schema: string): string =>
  doBlock(`declare who text := ${rulesRole(workspaceId)}; home text := ${textLiteral(schema)}; begin
  perform pg_advisory_xact_lock(hashtext('stackhold rules role'));
  if not exists (select from pg_roles where rolname = who) then execute format('create role %I nologin noinherit nobypassrls', who); end if;
  execute format('grant %I to current_user', who);
  execute format('grant usage on schema %I, stackhold to %I', home, who);
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', home, who);
  execute format('grant usage, select, update on all sequences in schema %I to %I', home, who);
  execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to %I', home, who);
  execute format('alter default privileges in schema %I grant usage, select, update on sequences to %I', home, who);
end`)
