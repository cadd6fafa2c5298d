export const perCustomer: number
/** Epoch ms of the newest row. */
export const newest: number
export function fill(schema: string, rows: number): string[]
export const cases: { name: string; most: number; path(n: number, rows: number): string }[]
