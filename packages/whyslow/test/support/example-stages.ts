// Stages for tests of commands: each fails where it was not expected to be asked.
import type { Stages } from '../../src/stages.ts'

const notAsked = (): never => {
  throw new Error('not asked for')
}
const notAskedYet = () => Promise.reject(new Error('not asked for'))

export const unaskedStages: Stages = {
  why: notAskedYet,
  fix: notAskedYet,
  fixGenerator: notAskedYet,
  lintGenerator: notAskedYet,
  fixProgram: notAskedYet,
  quantize: notAskedYet,
  quantizeLite: notAskedYet,
  lint: notAskedYet,
  compare: notAskedYet,
  ab: notAskedYet,
  pipeline: notAskedYet,
  watch: notAskedYet,
  explainGap: notAskedYet,
  convert: notAskedYet,
  generate: notAskedYet,
  embed: notAskedYet,
  load: notAskedYet,
  distill: notAskedYet,
  serve: notAskedYet,
  inTemporaryFolder: notAskedYet,
  check: notAskedYet,
  explain: notAsked,
  fleet: notAskedYet,
  fleetByQueue: notAskedYet,
  agent: notAskedYet,
  study: notAskedYet,
  tableParquet: notAskedYet,
  estimate: notAskedYet,
  describeMachine: notAskedYet,
  doctor: notAskedYet,
  writeDemoModel: notAsked,
  listEngines: notAskedYet,
  readHistory: notAskedYet,
  readStore: notAskedYet,
  checkHistory: notAsked,
  appendHistory: notAsked,
  entryOf: notAsked,
  entriesOf: notAsked,
}
