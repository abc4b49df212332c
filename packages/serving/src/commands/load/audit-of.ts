// How good the generator was over all runs, and whether every number that is given is the server's.

import type { LoadLaw, LoadPoint } from '@whyslow/report/documents/load.ts'
import type { LoadAudit, LoadOwnLateness } from '@whyslow/report/documents/load-audit.ts'
import type { Ceiling } from '../../load/audit.ts'
import type { MeasuredPoint } from '../../load/measure.ts'

export function auditOf(measured: readonly MeasuredPoint[], ceiling: Ceiling): LoadAudit {
  const points = measured.map(({ point }) => point)
  const open = points.filter(({ clients }) => clients === null)
  const worst = (of: (point: LoadPoint) => number) => (open.length === 0 ? null : Math.max(...open.map(of)))
  const lost = measured.reduce((sum, { generator }) => sum + generator.lost, 0)
  const seconds = points.reduce((sum, point) => sum + point.seconds + point.warmUpSeconds, 0)
  const cpuSeconds = measured.reduce(
    (sum, { generator, point }) => sum + generator.cores * (point.seconds + point.warmUpSeconds),
    0,
  )
  const reasons = [
    ...points.flatMap((point) => limitOf(point, ceiling)),
    ...points.flatMap(brokenLaws),
    ...(lost > 0 ? [`${lost} requests are not accounted for`] : []),
  ]
  return {
    ceilingPerSecond: ceiling.ceilingPerSecond,
    floorP50Ms: ceiling.floorP50Ms,
    floorP99Ms: ceiling.floorP99Ms,
    lagP50Ms: worst(({ lag }) => lag.p50Ms),
    lagP99Ms: worst(({ lag }) => lag.p99Ms),
    lagMaxMs: worst(({ lag }) => lag.maxMs),
    ownLateness: ownLatenessOf(open),
    lost,
    repeated: points.reduce((sum, { repeated }) => sum + repeated, 0),
    cores: seconds > 0 ? cpuSeconds / seconds : null,
    ok: reasons.length === 0,
    reasons: [...new Set(reasons)],
  }
}

/** Over the open runs: the number of which it is the largest part. */
function ownLatenessOf(open: readonly LoadPoint[]): LoadOwnLateness | null {
  const all = open.flatMap((point) =>
    Object.entries(point.addedMs ?? {}).map(([name, ms]) => {
      const value = point[name as 'meanMs'] ?? 0
      return { offeredPerSecond: point.offeredPerSecond!, name, ms, share: value > 0 ? ms / value : 0 }
    }),
  )
  return all.reduce<LoadOwnLateness | null>((worst, one) => (worst === null || one.share > worst.share ? one : worst), null)
}

function limitOf({ generatorLimit = null, offeredPerSecond, lag }: LoadPoint, { ceilingPerSecond }: Ceiling): string[] {
  const rate = `${Math.round(offeredPerSecond ?? 0)} requests/s`
  const late = `${Math.round(100 * lag.lateShare)} % more than 1 ms late`
  if (generatorLimit === 'beyond-ceiling') return [`${rate} are beyond what it can send here (${Math.round(ceilingPerSecond)})`]
  if (generatorLimit === 'falls-behind') return [`at ${rate} it fell behind its schedule (${late})`]
  return generatorLimit === 'sends-late' ? [`at ${rate} it sent ${late}`] : []
}

const LAWS: Readonly<Record<LoadLaw['law'], string>> = {
  little: "Little's law",
  flow: 'that each request has one end',
  utilisation: 'the utilisation law',
  'throughput-bound': 'the most that workers can answer',
}

function brokenLaws({ laws = [], offeredPerSecond, clients }: LoadPoint): string[] {
  const at =
    offeredPerSecond === null
      ? `with ${clients} ${clients === 1 ? 'client' : 'clients'}`
      : `at ${Math.round(offeredPerSecond)} requests/s`
  return laws
    .filter(({ ok }) => !ok)
    .map(
      ({ law, expected, measured, unit }) =>
        `${at} ${LAWS[law]} does not hold (${Number(measured.toPrecision(3))} ${unit}, not ${Number(expected.toPrecision(3))})`,
    )
}
