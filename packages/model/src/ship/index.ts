// What the other stages use of this one.

export { moduleOf } from './compiled-files.ts'
export { checkModelOut, shipModel, writeAlone } from './model-alone.ts'
export { modelFileOf } from './model-file.ts'
export type { Agreement, Preprocessing, RunnablePlan, ShipPlan, ShippedResults } from './plan.ts'
export { hasPythonModule, pythonNeeds } from './python-module.ts'
export type { Serving } from './serving.ts'
export { optionsText } from './session-options.ts'
export { variantWriter } from './shared-weights.ts'
export { shipFolder, writePythonModule, writeRunnable } from './ship-folder.ts'
export { shipStudent } from './student-folder.ts'
