// What idle threads of the pool do. They spin, so that the next operator finds them awake; where CPUs are few or shared, they take
// the CPU from the thread that works. https://onnxruntime.ai/docs/performance/tune-performance/threading.html#thread-spinning-behavior
import { defineRemedy } from '../kit/remedy.ts'
import { proposeEntries, threadsOf } from '../kit/session-options.ts'

/** Short against the default, whose million pauses take milliseconds; long against the gap between two operators. */
const SHORT_SPIN_US = 100

export const spinning = defineRemedy({
  id: 'spinning',
  title: 'Let idle threads sleep instead of spinning',
  treats: ['thread-oversubscription', 'cpu-throttling', 'noisy-machine', 'slow-thread-handoff'],
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    if (threadsOf(setup, evidence) < 2) return []
    const propose = (variant: string, entries: Readonly<Record<string, string>>, why: string) =>
      proposeEntries(setup, evidence, entries, { variant, why })
    const { configEntries, executionMode } = setup.options
    const sideBySide = executionMode === 'parallel' ? { 'session.inter_op.allow_spinning': '0' } : {}
    // The others say how long it spins: nothing is left of them where it does not spin at all.
    const spins = configEntries['session.intra_op.allow_spinning'] !== '0'
    return [
      ...propose('off', { 'session.intra_op.allow_spinning': '0', ...sideBySide }, 'idle threads sleep at once'),
      ...(spins
        ? [
            ...propose(
              'short',
              { 'session.intra_op.spin_duration_us': String(SHORT_SPIN_US) },
              `idle threads spin for ${SHORT_SPIN_US} µs, then sleep`,
            ),
            ...propose('stop', { 'session.force_spinning_stop': '1' }, 'threads stop spinning when a prediction returns'),
          ]
        : []),
    ]
  },
})
