// Which files `npm test` leaves out, and which need the machine for themselves.

const measured = (names: string): readonly string[] => names.split(' ').map((name) => `test/measured/${name}.test.ts`)

/** Files whose tests hold only if nothing else is at work: they compare times that were measured, and some differ by less than a busy machine adds. */
export const QUIET: readonly string[] = [
  ...measured('beside explain-gap replacements user-code-examples'),
  'packages/serving/src/commands/serve/joining-pays.process.test.ts',
  'packages/code/src/commands/watch/watch.process.test.ts',
]

/**
 * Files that take long, each of which starts whole commands or a browser time after time. `npm run test:full` runs them, and a run that asks
 * for a file by its path.
 */
export const TAKE_LONG = [
  ...QUIET,
  ...measured(
    'ab bad-input check compare engines examples exit-codes fix fleet fleet-store full-disk fleet-s3 hostile-clients javascript-child lint load',
  ),
  ...measured(
    'javascript-replacements main-job operator-times pack python-collector python-package quantize serve serve-grpc signals strangers-folder two-at-once user-code-interrupt',
  ),
  'packages/code/src/commands/pipeline/generators.process.test.ts',
  'packages/fleet/src/queue/hang-watch.process.test.ts',
  'packages/whyslow/src/completion/completion.process.test.ts',
  'packages/whyslow/src/mcp/mcp.process.test.ts',
  'packages/whyslow/src/compose/why-task.process.test.ts',
  'packages/code/src/replace/ask-once.process.test.ts',
  'packages/model/src/ship/ship-folder.process.test.ts',
  'packages/model/src/ship/shipped/predict-ends.process.test.ts',
  'packages/measure/src/processes/end-process.process.test.ts',
  'packages/measure/src/processes/start-process.process.test.ts',
  'packages/measure/src/trials/cache.process.test.ts',
  'packages/measure/src/trials/local-runner.process.test.ts',
  'packages/serving/src/load/generator.process.test.ts',
  'packages/code/src/driver.process.test.ts',
  'packages/code/src/turns/start-contestant.process.test.ts',
  'packages/serving/src/serve/workers.process.test.ts',
  'packages/measure/src/engines/compiled/compiled.test.ts',
  'packages/measure/src/engines/onnxruntime/browser-wasm.test.ts',
  'packages/measure/src/engines/onnxruntime/browser-webgpu.test.ts',
  'packages/measure/src/engines/tfjs/written-models.test.ts',
  ...[
    'page/each-document',
    'page/numbers',
    'page/page',
    'page/screens',
    'page/site',
    'full/conformance',
    'full/tabular-suites',
    'fuzz/fuzz',
  ].map((name) => `test/${name}.test.ts`),
]

/** Files of which `npm test` runs fewer cases, by fullOr (only-full.ts). */
export const FEWER_CASES: readonly string[] = [
  'packages/compile/src/compile.test.ts',
  'packages/formats/src/fuzz-tabular.test.ts',
  'packages/formats/src/keras.test.ts',
  'packages/formats/src/tfjs/write/round-trip.test.ts',
  'packages/formats/src/tflite/write/round-trip.test.ts',
  'packages/formats/test/support/check-format.ts',
  'packages/formats/test/support/check-outputs.ts',
  'packages/formats/test/support/check-tabular.ts',
  'packages/formats/src/layers/operations/functional-models.test.ts',
  'packages/formats/src/tfjs.test.ts',
  'packages/generation/src/remedies/group-query-attention.test.ts',
  'packages/measure/src/outputs/decision-loss.test.ts',
  'packages/model/src/quantize/repair/python-options.test.ts',
  'packages/model/src/quantize/write/static.test.ts',
  'packages/model/test/support/remedies/check-remedy.ts',
  'packages/model/src/remedies/rewrites/random-graphs.test.ts',
  'packages/model/src/ship/ship-folder.test.ts',
  'packages/model/src/tune/chance.test.ts',
]

/** Whether this run names the files that it wants. */
export const namesFiles = process.argv.some((one) => /^(packages|test)\//.test(one))

/** Everything is meant to run, but for TAKE_LONG. */
export const isShort = process.env.WHYSLOW_TEST_FULL === undefined && !namesFiles

/** Paths that this run leaves out; none where all are meant. */
export const LONG: readonly string[] = isShort ? TAKE_LONG : []
