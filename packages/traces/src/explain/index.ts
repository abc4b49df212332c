// `whyslow explain` of traces: one, or what changed between two.
export { compareTraces } from './compare-traces.ts'
export { explainTrace } from './explain-trace.ts'
export { machineRoofs } from './roofs.ts'
