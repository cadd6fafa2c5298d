/** A plan while it is made. */
import type { Extensions, TableModel } from '../../definitions/table.js'
import { quote, schemaName } from './names.js'
import type { PlanAction, PlannedOperation, PlannedPart, TablePlan } from './plan.js'

export interface PlanOptions {
  workspaceId: number
  /** Data sources whose tables change. */
  datasources: readonly string[]
  /** Makes names in the bin unique; default the clock. */
  stamp?: string
  /** What indexes may use; default nothing but plain Postgres. */
  extensions?: Extensions
}

/** One data source's table while its SQL is written. */
export interface Place {
  datasource: string
  schema: string
  table: string
  target: string
}

export type Part = Partial<Omit<PlannedPart, 'datasource'>>

/** Collects the operations of a plan, one part per data source. */
export class PlanBuilder {
  readonly operations: PlannedOperation[] = []
  readonly notes: string[] = []
  readonly options: PlanOptions
  readonly stamp: string
  table: string

  constructor(options: PlanOptions, table: string) {
    this.options = options
    this.stamp = options.stamp ?? Date.now().toString(36)
    this.table = table
  }

  get places(): Place[] {
    return this.options.datasources.map((datasource) => {
      const schema = schemaName(this.options.workspaceId, datasource)
      return { datasource, schema, table: this.table, target: quote(schema, this.table) }
    })
  }

  add(action: PlanAction, details: string, part: (place: Place) => Part, reason = ''): void {
    const parts = this.places.map((place): PlannedPart => ({ datasource: place.datasource, checks: [], sql: [], bin: [], ...part(place) }))
    this.operations.push({ action, table: this.table, details, reason, parts })
  }

  finish(before: TableModel | null, after: TableModel | null): TablePlan {
    const places = after === null ? [] : this.places.map(({ datasource, schema, table }) => ({ datasource, schema, table }))
    return {
      workspaceId: this.options.workspaceId,
      definitionId: after?.id ?? before?.id ?? 0,
      operations: this.operations,
      notes: this.notes,
      places,
      before,
      after,
    }
  }
}
