/**
 * Start and end of `offset` and `length` in a sequence of `size`. Negative values count from the end; no length means
 * the rest.
 */
export function sliceBounds(size: number, offset: number, length: number | null): [start: number, end: number] {
  const start = offset < 0 ? Math.max(0, size + offset) : Math.min(offset, size)
  const end = length === null ? size : length < 0 ? size + length : Math.min(size, start + length)
  return [start, Math.max(start, end)]
}
