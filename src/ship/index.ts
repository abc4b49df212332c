// What the other stages use of this one.

export { checkModelOut, shipModel } from './model-alone.ts'
export { writeModelFiles } from './model-file.ts'
export { writeModelFolder } from './model-folder.ts'
export { checkOut } from './out-folder.ts'
export { removeLeftovers } from './place.ts'
export type { Agreement, Preprocessing, ShipPlan, ShippedFile, ShippedResults } from './plan.ts'
export { variantWriter } from './shared-weights.ts'
export { shipFolder, writeContents } from './ship-folder.ts'
