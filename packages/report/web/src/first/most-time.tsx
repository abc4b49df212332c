// Which operators take the time, on the first screen: by type, as the terminal says it, and the way to each of them.
import { sharePercent } from '../format.ts'
import { Name } from '../kit/name.tsx'
import type { Node, Report } from '../page-data.ts'
import { placeWith } from '../place.ts'

const MOST_TYPES = 3

export function MostTime({ report }: { report: Report }) {
  const timed = report.nodes.filter(({ timeMs }) => timeMs > 0)
  if (timed.length < 2 || report.latency === null) return null
  const types = byType(timed)
  return (
    <p class="most-time">
      <b>By operator:</b>{' '}
      {types.slice(0, MOST_TYPES).map(({ opType, many, share }, index) => (
        <span key={opType}>
          {index > 0 && ', '}
          <span class="nowrap">
            {many} <Name text={opType} most={30} /> {sharePercent(share)}
          </span>
        </span>
      ))}
      . <a href={placeWith({ at: 'operators' })}>All {timed.length}, longest first</a>
    </p>
  )
}

function byType(nodes: readonly Node[]): { opType: string; many: number; share: number }[] {
  const sums = new Map<string, { opType: string; many: number; share: number }>()
  for (const { opType, share } of nodes) {
    const sum = sums.get(opType) ?? { opType, many: 0, share: 0 }
    sums.set(opType, { opType, many: sum.many + 1, share: sum.share + share })
  }
  return [...sums.values()].sort((a, b) => b.share - a.share)
}
