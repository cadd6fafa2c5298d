/** Row level security of tables with rules: the second layer, held by Postgres whatever statement reaches the table. */
import { type Rule, ruleOperations, type TableRules } from '../../definitions/rules.js'
import type { TableModel } from '../../definitions/table.js'
import { ruleSql, rulesRole } from '../rules.js'
import { isUnset, textLiteral } from './column.js'
import { doBlock } from './do-block.js'
import { fitName, quote } from './names.js'

const policyNames = ruleOperations.map((operation) => `stackhold_${operation}`)

/** Takes the rules off a table. */
export const dropPoliciesSql = (target: string, rules: TableRules): string[] => [
  ...rules.columns.map(({ name }) => `drop trigger if exists ${guardName(name)} on ${target}`),
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
      withRole(workspaceId, `create policy ${policyNames[i] ?? ''} on ${target} for ${command ?? ''} to `, 'quote_ident', ` ${body ?? ''}`),
    ),
    ...(rules.columns.length === 0 ? [] : [refuseSql(schema)]),
    ...rules.columns.map(({ name, rule }) =>
      withRole(
        workspaceId,
        `create trigger ${guardName(name)} before update of ${quote(name)} on ${target} for each row when (${quote('old', name)} is distinct from ${quote('new', name)} and ${ruleSql(rule, table, 'old')} is not true and current_user = `,
        'quote_literal',
        `) execute function ${quote(schema, refusal)}(${textLiteral(name)})`,
      ),
    ),
  ]
}

/** The trigger that keeps a column from those its rule leaves out: a policy sees one state of the row, and cannot tell what changes. */
const guardName = (column: string): string => quote(fitName(`stackhold_column_${column}`))
const refusal = 'stackhold_refuse_column'

const refuseSql = (schema: string): string =>
  `create or replace function ${quote(schema, refusal)}() returns trigger language plpgsql as $$ begin
  raise exception 'column rule of "%" does not allow the change of "%"', tg_table_name, tg_argv[0] using errcode = '42501';
end $$`

/** A new row holds in a column with a rule what it would hold if nobody had named it, unless the rule allows more. */
function settable(table: TableModel, { name, rule }: { name: string; rule: Rule }): string {
  const column = table.columns.find((candidate) => candidate.name === name)
  return column === undefined ? 'true' : `(${ruleSql(rule, table, table.name)} or ${isUnset(column, quote(table.name, name))})`
}

/** The name of the role depends on the database: Postgres puts it in. */
const withRole = (workspaceId: number, head: string, as: 'quote_ident' | 'quote_literal', tail: string): string =>
  doBlock(`begin execute ${textLiteral(head)} || ${as}(${rulesRole(workspaceId)}) || ${textLiteral(tail)}; end`)

/** Everything in the schema may be reached; rows of tables with rules only as these say. */
const grantSql = (workspaceId: number, schema: string): string =>
  doBlock(`declare who text := ${rulesRole(workspaceId)}; home text := ${textLiteral(schema)}; begin
  perform pg_advisory_xact_lock(hashtext('stackhold rules role'));
  if not exists (select from pg_roles where rolname = who) then execute format('create role %I nologin noinherit nobypassrls', who); end if;
  execute format('grant %I to current_user', who);
  execute format('grant usage on schema %I to %I', home, who);
  if to_regnamespace('stackhold') is not null then execute format('grant usage on schema stackhold to %I', who); end if;
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', home, who);
  execute format('grant usage, select, update on all sequences in schema %I to %I', home, who);
  execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to %I', home, who);
  execute format('alter default privileges in schema %I grant usage, select, update on sequences to %I', home, who);
end`)
