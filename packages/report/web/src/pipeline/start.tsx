// What comes before the first prediction, once in each process: none of it is in the median, unless a script does it as it runs.
import { time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Name } from '../kit/name.tsx'
import { WaterfallBars } from '../pictures/waterfall-bars.tsx'
import { isOneRun, type PipelineReport } from './facts.ts'

const MOST_IMPORTS = 12

export function Start({ report: { pipeline } }: { report: PipelineReport }) {
  const { importMs, loadMs, firstMs, imports, kind } = pipeline
  const parts = [
    { name: 'the import', timeMs: importMs },
    ...(loadMs === null ? [] : [{ name: kind === 'script' ? 'loading models' : 'load()', timeMs: loadMs }]),
    ...(kind === 'script' ? [] : [{ name: 'the first call', timeMs: firstMs }]),
  ]
  return (
    <div class="figures">
      <Figure
        title="How long until the first result?"
        says={`${parts.map(({ name, timeMs }) => `${name} takes ${time(timeMs)}`).join(', ')}; ${isOneRun(pipeline) ? 'all' : 'none'} of it is in the times above.`}
        rows={parts}
        columns={[
          { head: 'what', show: ({ name }) => name },
          { head: 'time', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
        ]}
        note="Medians over processes."
      >
        <WaterfallBars parts={parts.map((part) => ({ ...part, kind: 'stage' }))} wholeMs={null} wholeName="" />
      </Figure>
      {imports.length > 0 && (
        <Figure
          title="Which imports take the time?"
          rows={imports}
          columns={[
            { head: 'module', show: ({ module }) => <Name text={module} />, value: ({ module }) => module },
            { head: 'itself', show: ({ selfMs }) => time(selfMs), value: ({ selfMs }) => selfMs, isNumber: true },
            {
              head: 'with what it imports',
              show: ({ totalMs }) => time(totalMs),
              value: ({ totalMs }) => totalMs,
              isNumber: true,
            },
          ]}
        >
          <ol class="ranked">
            {[...imports]
              .sort((a, b) => b.selfMs - a.selfMs)
              .slice(0, MOST_IMPORTS)
              .map(({ module, selfMs }, index, shown) => (
                <li key={index}>
                  <Name text={module} most={60} />
                  <span class="meter" aria-hidden="true">
                    <span
                      class="meter-fill near-compute"
                      style={{ width: `${shown[0]!.selfMs > 0 ? (selfMs / shown[0]!.selfMs) * 100 : 0}%` }}
                    />
                  </span>
                  <b>{time(selfMs)}</b>
                </li>
              ))}
          </ol>
        </Figure>
      )}
    </div>
  )
}
