// A tensor copied into another dtype or layout inside of the model: data is moved, nothing is computed.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { HOT_SHARE, sum, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'
import { ofTorch, undisturbedMs } from '../torch.ts'

const CURES = {
  dtype: 'Weights and inputs of one dtype need no conversion.',
  layout: 'An operator that takes the layout as it comes, or one conversion in front of the model, needs no copy.',
} as const

export const tensorCopies = defineRule(
  ofTorch({
    id: 'tensor-copies',
    area: 'software',
    title: 'The model copies tensors into another dtype or layout',
    check(torch, { latency: { p50Ms } }) {
      const places = new Map<string, typeof torch.copies>()
      for (const one of torch.copies) {
        const key = `${one.kind} ${one.file ?? one.module}:${one.line}`
        places.set(key, [...(places.get(key) ?? []), one])
      }
      return [...places.values()].flatMap((copies) => {
        const [first] = copies
        const timeMs = undisturbedMs(sum(copies.map((one) => one.timeMs)), torch, p50Ms)
        if (timeMs < HOT_SHARE * p50Ms) return []
        const calls = Math.round(sum(copies.map((one) => one.calls)))
        const at = first!.file === null ? (first!.module ?? torch.root) : `${first!.file}:${first!.line}`
        const what = first!.kind === 'dtype' ? first!.what : `into another layout (${first!.what})`
        return [
          {
            ...tell`${at} copies a tensor ${number('copies', calls, 'copies')} times a prediction, ${what}: ${ms('copies-time', timeMs)}, ${share('share', timeMs / p50Ms)} of it. ${CURES[first!.kind]}`,
            timeMs,
            ...UNTRIED,
            places:
              first!.file === null || first!.line === null
                ? []
                : [{ file: first!.file, line: first!.line, function: first!.function }],
          },
        ]
      })
    },
  }),
)
