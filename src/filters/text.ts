/** The text family. */
import type { FilterSpec } from '../runtime/define.js'
import { textEscapeFilters } from './text-escape.js'
import { textFormatFilters } from './text-format.js'
import { textSearchFilters } from './text-search.js'
import { textShapeFilters } from './text-shape.js'

export const textFilters: FilterSpec[] = [...textShapeFilters, ...textFormatFilters, ...textSearchFilters, ...textEscapeFilters]
