// Files of tests that take long, each of which starts whole commands or a browser time after time: `npm test` leaves them out, and ends within
// five minutes on two CPUs; `npm run test:full` runs all.
const MEASURED = [
  'ab beside check compare engines examples explain-gap fix fleet fleet-s3 hostile-clients javascript-child lint load pack python-collector quantize',
  'replacements serve serve-grpc user-code-examples user-code-interrupt',
].flatMap((names) => names.split(' '))
const PAGE = ['each-document', 'numbers']
const FULL = ['conformance', 'tabular-suites']

/** Run as `npm test`, without a file that is asked for. */
export const isShort =
  process.env.npm_lifecycle_event === 'test' &&
  process.env.WHYSLOW_TEST_FULL === undefined &&
  !process.argv.some((one) => /^(src|test)\//.test(one))

/** Paths; none where all are meant. */
export const LONG: readonly string[] = isShort
  ? Object.entries({ measured: MEASURED, page: PAGE, full: FULL }).flatMap(([folder, names]) =>
      names.map((name) => `test/${folder}/${name}.test.ts`),
    )
  : []
