// Files of tests that take long, each of which starts whole commands or a browser time after time: `npm test` leaves them out, and ends within
// five minutes on two CPUs; `npm run test:full` runs all.
const KEPT_OF_MEASURED = ['main-job', 'bad-input', 'operator-times', 'serving-clients', 'javascript-replacements']

/** Run as `npm test`. */
export const isShort = process.env.npm_lifecycle_event === 'test' && process.env.WHYSLOW_TEST_FULL === undefined

/** Patterns of paths. */
export const LONG: readonly string[] = isShort
  ? [`test/measured/!(${KEPT_OF_MEASURED.join('|')}).test.ts`, 'test/full/**', 'test/page/!(page|screens).test.ts']
  : []
