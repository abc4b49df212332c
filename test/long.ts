// Which files `npm test` leaves out, and which need the machine for themselves.

const measured = (names: string): readonly string[] => names.split(' ').map((name) => `test/measured/${name}.test.ts`)

/** Files whose tests hold only if nothing else is at work: they compare times that were measured, and some differ by less than a busy machine adds. */
export const QUIET: readonly string[] = [
  ...measured('beside explain-gap replacements user-code-examples'),
  'src/commands/serve/joining-pays.process.test.ts',
]

/**
 * Files that take long, each of which starts whole commands or a browser time after time. `npm run test:full` runs them, and a run that asks
 * for a file by its path.
 */
export const TAKE_LONG = [
  ...QUIET,
  ...measured(
    'ab bad-input check compare engines examples exit-codes fix fleet full-disk fleet-s3 hostile-clients javascript-child lint load',
  ),
  ...measured(
    'javascript-replacements main-job operator-times pack python-collector quantize serve serve-grpc signals strangers-folder two-at-once user-code-interrupt',
  ),
  'src/compose/why-task.process.test.ts',
  'src/pipeline/replace/ask-once.process.test.ts',
  'src/ship/place.process.test.ts',
  'src/ship/shipped/predict-ends.process.test.ts',
  'src/processes/end-process.process.test.ts',
  'src/processes/start-process.process.test.ts',
  'src/trials/cache.process.test.ts',
  'src/trials/local-runner.process.test.ts',
  'src/load/generator.process.test.ts',
  'src/pipeline/driver.process.test.ts',
  'src/pipeline/turns/start-contestant.process.test.ts',
  'src/serve/workers.process.test.ts',
  'src/engines/compiled/compiled.test.ts',
  'src/engines/onnxruntime/browser-wasm.test.ts',
  'src/engines/onnxruntime/browser-webgpu.test.ts',
  'src/engines/tfjs/written-models.test.ts',
  ...[
    'page/each-document',
    'page/numbers',
    'page/page',
    'page/screens',
    'full/conformance',
    'full/tabular-suites',
    'fuzz/fuzz',
  ].map((name) => `test/${name}.test.ts`),
]

/** Files of which `npm test` runs fewer cases, by fullOr (only-full.ts). */
export const FEWER_CASES: readonly string[] = [
  'src/compile/compile.test.ts',
  'src/formats/fuzz-tabular.test.ts',
  'src/formats/keras.test.ts',
  'src/formats/tfjs.test.ts',
  'src/quantize/repair/python-options.test.ts',
  'src/remedies/check-remedy.ts',
  'src/remedies/rewrites/random-graphs.test.ts',
  'src/ship/ship-folder.test.ts',
  'src/tune/chance.test.ts',
]

/** Whether this run names the files that it wants. */
export const namesFiles = process.argv.some((one) => /^(src|test)\//.test(one))

/** Everything is meant to run, but for TAKE_LONG. */
export const isShort = process.env.WHYSLOW_TEST_FULL === undefined && !namesFiles

/** Paths that this run leaves out; none where all are meant. */
export const LONG: readonly string[] = isShort ? TAKE_LONG : []
