// All operators of the channels-last graph that are written, by their TFLite code.
import type { OperatorTable } from '../operator-call.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { LOOPS } from './loops.ts'
import { PRODUCTS } from './products.ts'
import { REDUCTIONS } from './reductions.ts'
import { SHAPES } from './shapes.ts'
import { WINDOWS } from './windows.ts'

export { writeRowToList } from './loops.ts'

export const OPERATORS: OperatorTable = { ...ELEMENTWISE, ...LOOPS, ...PRODUCTS, ...REDUCTIONS, ...SHAPES, ...WINDOWS }
