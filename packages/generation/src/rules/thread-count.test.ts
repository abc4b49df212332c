import { checkRule, exampleEvidence, withoutFacts } from '../../test/support/check-rule.ts'
import { threadCount } from './thread-count.ts'

const engine = (threads: number | null) => ({
  engine: { id: 'ort-cpu', title: 'ONNX Runtime', versions: {}, threads, prefillThreads: null },
})
const sweep = (tokenMs: number, firstTokenMs: number) => ({
  threads: [
    { threads: 1, tokenMs, firstTokenMs },
    { threads: 4, tokenMs: 20, firstTokenMs: 200 },
  ],
})
const untried = (threads: number | null) => withoutFacts(engine(threads), 'threads')

checkRule(threadCount, {
  found: [
    {
      // Ratios of 8 / 20 and 180 / 200 of the 10 and 100 ms of the setup. 180 + 10 · 8 of 200 + 10 · 20.
      name: 'fewer are faster',
      given: exampleEvidence({ ...engine(4), ...sweep(8, 180) }),
      expect: {
        detail:
          /^With 1 thread a token takes 8\.00 ms and the first 180 ms; with the 4 in use, 20\.0 ms and 200 ms: 35 % less for a call of 200 ms\.$/,
        savingByPart: { firstToken: 10, token: 6 },
        wouldSaveMs: 70,
        next: 'whyslow generate MODEL --threads 1',
      },
    },
    {
      // 8 / 20 of 10 ms, and 200 / 200 of 100 ms: alone 1 thread takes 400 and 10 · 8, 4 threads 200 and 10 · 20.
      name: 'other threads for the prompt than for tokens',
      given: exampleEvidence({ ...engine(4), ...sweep(8, 400), threadsApart: true }),
      expect: {
        detail:
          /^With 1 thread for tokens and 4 threads for the prompt a token takes 8\.00 ms and the first 200 ms; with the 4 in use/,
        savingByPart: { firstToken: 0, token: 6 },
        next: 'whyslow generate MODEL --threads 1 --prefill-threads 4',
      },
    },
    {
      // 4 threads take 200 and 10 · 20; 1 thread for tokens alone 200 and 10 · 18, which is 0.95 of it.
      name: 'other threads for the prompt, which saves a little over three per cent of a call',
      given: exampleEvidence({ ...engine(4), ...sweep(18, 400), threadsApart: true }),
      expect: { savingByPart: { firstToken: 0, token: 1 }, next: 'whyslow generate MODEL --threads 1 --prefill-threads 4' },
    },
    {
      name: "another number than the engine's default",
      given: exampleEvidence({
        ...engine(null),
        threads: [
          { threads: null, tokenMs: 20, firstTokenMs: 200 },
          { threads: 1, tokenMs: 8, firstTokenMs: 180 },
        ],
      }),
      expect: { detail: /; with the engine's default, 20\.0 ms and 200 ms:/, next: 'whyslow generate MODEL --threads 1' },
    },
    { name: 'a little over three per cent of a token', given: exampleEvidence({ ...engine(4), ...sweep(19.3, 200) }) },
    {
      name: 'more than there are CPUs, and no others tried',
      given: untried(4),
      expect: { title: 'More threads than CPUs', wouldSaveMs: null, next: 'whyslow generate MODEL --threads 2' },
    },
    {
      name: 'one of two CPUs, and no others tried',
      given: untried(1),
      expect: { title: 'One thread, and other CPUs are idle', timeMs: 200 },
    },
  ],
  clear: [
    { name: 'the fastest', given: exampleEvidence() },
    {
      name: 'two sessions for a gain of a little less than three per cent',
      given: exampleEvidence({ ...engine(4), ...sweep(19, 400), threadsApart: true }),
    },
    { name: 'a little under three per cent of a token', given: exampleEvidence({ ...engine(4), ...sweep(19.5, 200) }) },
  ],
  notChecked: [
    { name: 'as many as there are CPUs, and no others tried', given: untried(2) },
    { name: 'not known', given: untried(null) },
  ],
})
