// .item(), .cpu(), .numpy(), `if tensor:` while the model runs: Python waits for the value, a GPU is idle meanwhile, and torch.compile breaks its graph.
import { ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import { HOT_SHARE, inWords, lies, placeOf, sum, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'
import { ofTorch, undisturbedMs } from '../torch.ts'

/** The operator behind them. */
const READ = '_local_scalar_dense'
const WORDS: Readonly<Record<string, string>> = {
  __bool__: 'a condition on a tensor',
  __float__: 'float(tensor)',
  __int__: 'int(tensor)',
  __index__: 'a tensor as an index',
}

const IN_FORWARD =
  'Each waits for what computes the value, and torch.compile cannot go over it. Operators on whole tensors (torch.where, masks) need no value in Python.'
/** Outside of modules, fewer come from no loop. */
const LEAST_OUTSIDE = 4
const ONE_BY_ONE = {
  title: 'Values are read from tensors one by one',
  detail:
    'Each waits for what computes the value. An operator on the whole tensor, and one transfer of its result (.tolist()), does the same.',
}

const perPrediction = (reads: number) =>
  reads === 1 ? 'once a prediction' : tell`${number('reads', reads, 'reads')} times a prediction`

export const tensorReadInForward = defineRule(
  ofTorch({
    id: 'tensor-read-in-forward',
    area: 'software',
    title: 'Values are read from tensors while the model runs',
    check(torch, { latency: { p50Ms }, patterns = [], lines = [] }) {
      const hotLoops = patterns
        .filter(({ pattern, loop, once }) => pattern === 'device-read' && loop !== null && !once)
        .filter((one) => sum(lines.filter((line) => lies(line, one)).map(({ selfMs }) => selfMs)) >= HOT_SHARE * p50Ms)
      const broken = new Set(
        (torch.trials.find(({ id }) => id === 'compile')?.breaks ?? []).map(({ file, line }) => `${file}:${line}`),
      )
      const scalars = torch.operators.find(({ name }) => name === READ)
      const all = sum(torch.reads.map(({ calls }) => calls))
      return torch.reads.flatMap((read) => {
        // What the model gives has to be read sometime, once.
        const isOutside = read.inside === false
        if (isOutside && read.calls < LEAST_OUTSIDE) return []
        // device-transfer-in-the-loop reports it.
        if (isOutside && hotLoops.some((one) => lies(read, one))) return []
        const ownMs = ((scalars?.timeMs ?? 0) * read.calls) / all + (read.calls * torch.operatorNs) / 1e6
        const timeMs = undisturbedMs(ownMs, torch, p50Ms)
        // On a CPU each costs what starting an operator costs.
        if (torch.device === 'cpu' && timeMs < HOT_SHARE * p50Ms && !broken.has(inWords(read))) return []
        return [
          {
            ...tell`${inWords(read)} reads values by ${WORDS[read.method] ?? `.${read.method}()`}, ${perPrediction(read.calls)}, ${ms('reads-time', timeMs)}. ${isOutside ? ONE_BY_ONE.detail : IN_FORWARD}`,
            ...(isOutside && { title: ONE_BY_ONE.title }),
            timeMs,
            ...UNTRIED,
            places: [placeOf(read)],
          },
        ]
      })
    },
  }),
)
