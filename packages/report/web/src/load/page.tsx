// The page of predictions under load: what is held, latency against load, what the tail is made of, how the rate was found, how good the
// generator was.
import { AnswerPage } from '../answer-page.tsx'
import { Advice } from '../first/advice.tsx'
import { FactList } from '../first/findings.tsx'
import { bytes, known, perSecond, plural, significant, time } from '../format.ts'
import { NextCommand } from '../kit/copy.tsx'
import { type Fact, Facts, Warnings } from '../kit/facts.tsx'
import { Sentence } from '../kit/name.tsx'
import type { Load } from '../page-data.ts'
import { type PartOf, partsOf } from '../parts.tsx'
import { Alternatives } from './alternatives.tsx'
import { Curve } from './curve.tsx'
import { NumberCard } from './number-card.tsx'
import { OutstandingRequests } from './outstanding.tsx'
import { SearchRuns } from './search.tsx'
import { hasStreams, StreamTimes } from './streams.tsx'
import { hasTail, TailLatency } from './tail.tsx'

const PARTS: readonly PartOf<Load>[] = [
  { id: 'curve', title: 'Latency against load', draw: (load) => <Curve load={load} />, when: ({ points }) => points.length > 0 },
  { id: 'streams', title: 'Streams of text', draw: (load) => <StreamTimes load={load} />, when: hasStreams },
  { id: 'tail', title: 'What the tail is made of', draw: (load) => <TailLatency load={load} />, when: hasTail },
  {
    id: 'search',
    title: 'How it was found',
    draw: ({ search, found }) => search && <SearchRuns search={search} found={found} />,
    when: ({ search }) => search?.runs.some(({ ratePerSecond }) => ratePerSecond !== null) ?? false,
  },
  {
    id: 'alternatives',
    title: 'Other set-ups',
    draw: ({ alternatives = [] }) => <Alternatives alternatives={alternatives} />,
    when: ({ alternatives = [] }) => alternatives.length > 0,
  },
  {
    id: 'queue',
    title: 'The queue',
    draw: (load) => <OutstandingRequests load={load} />,
    when: ({ points }) => points.some(({ outstanding }) => outstanding.series.length > 1),
  },
  { id: 'setup', title: 'Measured with', draw: (load) => <MeasuredWith load={load} /> },
]

export function LoadPage({ load, original }: { load: Load; original: object }) {
  return (
    <AnswerPage
      of={load.target.name}
      facts={['under load', load.machine.cpu]}
      answer={load.answer}
      parts={partsOf(PARTS, load)}
      exported={['Load document (JSON)', 'load.json', original]}
      beside={<NumberCard load={load} />}
    >
      <LoadFindings load={load} />
      {load.search === null && (
        <NextCommand
          lead="The highest rate that holds what you promise, with your own bound:"
          command={['load', load.target.name, '--slo', 'p99<20ms']}
        />
      )}
    </AnswerPage>
  )
}

function LoadFindings({ load: { findings } }: { load: Load }) {
  if (findings.length === 0) return <p class="after-sentence">Nothing was found that slows it down.</p>
  return (
    <section class="findings" aria-labelledby="findings">
      <h2 id="findings">What holds it up</h2>
      <ol class="cards">
        {findings.map(({ rule, title, detail, wouldSaveMs, basis, facts }, index) => (
          <li key={index} class="finding edge-software">
            <div class="finding-text">
              <h3>
                <span class="rank">{index + 1}</span>
                <Sentence text={title} />
              </h3>
              <p class="detail">
                <Sentence text={detail} />
              </p>
              <Advice rule={rule} isOpen />
              {facts.length > 0 && (
                <details class="evidence">
                  <summary>The evidence</summary>
                  <FactList facts={[...facts]} />
                </details>
              )}
            </div>
            <div class="finding-side">
              {wouldSaveMs !== null && wouldSaveMs > 0 && (
                <div class="saving">
                  <p class="label">{basis === 'modelled' ? 'would save up to' : 'would save'}</p>
                  <p class="saving-number">{time(wouldSaveMs)}</p>
                  <p>
                    of the slowest 1 % <span class={`tag ${basis}`}>{basis}</span>
                  </p>
                </div>
              )}
              <p class="soft">
                <code>{rule}</code>
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

function MeasuredWith({ load }: { load: Load }) {
  const { warnings, setup } = load
  return (
    <div class="measured-with">
      <Warnings warnings={warnings} />
      <div class="figures two">
        <Facts title="The requests" facts={targetFacts(load)} />
        <Facts title="The generator" facts={auditFacts(load)} />
        {setup !== null && <Facts title="The server’s set-up" facts={setupFacts(setup)} />}
      </div>
    </div>
  )
}

function targetFacts({ target, arrivals }: Load): Fact[] {
  const { kind, trace, seed, burstiness } = arrivals
  return [
    ['target', target.name],
    ['asked by', `${target.protocol}${target.method === null ? '' : `, ${target.method}`}`],
    ['body', target.bodyBytes === null ? null : bytes(target.bodyBytes)],
    ['different bodies', target.bodies === null ? null : String(target.bodies)],
    ['inputs', target.inputs ? inputsSaid(target.inputs) : null],
    ['arrivals', trace ?? kind],
    ['burstiness', burstiness === null ? null : significant(burstiness)],
    ['seed', String(seed)],
    ['the request beforehand', target.first === null ? null : `${time(target.first.latencyMs)}, status ${target.first.status}`],
  ]
}

function inputsSaid({ source, tensors, binary }: NonNullable<Load['target']['inputs']>): string {
  const shapes = tensors.map(({ name, datatype, shape }) => `${name} ${datatype} ${shape.join('×')}`).join(', ')
  return `${shapes} (${source}${binary ? ', as raw bytes' : ', as JSON'})`
}

const LAWS = {
  little: 'Little’s law: outstanding, rate × time',
  flow: 'requests scheduled, and ended',
  utilisation: 'workers busy: by the clients, by themselves',
  'throughput-bound': 'answers/s: at most by the workers, measured',
} as const

/** The run in which each law is furthest off. */
function lawFacts(points: Load['points']): Fact[] {
  const all = points.flatMap(({ laws = [] }) => laws)
  const off = ({ expected, measured }: (typeof all)[number]) => Math.abs(measured / expected - 1)
  return [...new Set(all.map(({ law }) => law))].map((law): Fact => {
    const { expected, measured, ok } = all.filter((one) => one.law === law).reduce((a, b) => (off(b) > off(a) ? b : a))
    return [LAWS[law], `${significant(expected)}, ${significant(measured)}${ok ? '' : ' (does not hold)'}`]
  })
}

function auditFacts({ audit, machine, points }: Load): Fact[] {
  return [
    ['reaches, against a server that answers at once', known(audit.ceilingPerSecond, (rate) => `${perSecond(rate)} requests/s`)],
    ['adds to an answer (median)', known(audit.floorP50Ms, time)],
    ['sends after the instant (median)', known(audit.lagP50Ms, time)],
    ['sends after the instant (p99)', known(audit.lagP99Ms, time)],
    ['sends after the instant (most)', known(audit.lagMaxMs, time)],
    ['CPU', known(audit.cores, (cores) => `${significant(cores * 100, 2)} % of a core`)],
    ['requests lost', String(audit.lost)],
    ['sent again on a new connection', String(audit.repeated)],
    ...(audit.answers === undefined ? [] : [answersFact(audit.answers)]),
    ...lawFacts(points),
    ['machine', `${machine.cpu}, ${machine.usableCpus} usable CPUs, Node ${machine.node}`],
  ]
}

function answersFact({ compared, different, why }: NonNullable<Load['audit']['answers']>): Fact {
  const what = 'answers that are those of the same requests alone'
  return [what, compared === 0 ? `not compared: ${why}` : `${compared - different} of ${compared}`]
}

const OWN_OPTIONS = 'as the folder’s own options say'

function setupFacts(setup: NonNullable<Load['setup']>): Fact[] {
  const {
    engine,
    workers,
    threadsPerWorker,
    queueLimit,
    maxBatch,
    batchDelayMs = 0,
    batchCosts = null,
    deadlineMs,
    spinning,
  } = setup
  const wait = batchDelayMs === 0 ? 'of requests that wait anyway' : `of requests that come within ${time(batchDelayMs)}`
  return [
    ['engine', engine ?? 'the folder’s own'],
    ['workers', String(workers)],
    ['threads of each', threadsPerWorker === null ? OWN_OPTIONS : String(threadsPerWorker)],
    ['requests that may wait', String(queueLimit)],
    ['rows in a prediction', maxBatch > 1 ? `up to ${maxBatch}, ${wait}` : 'each request by itself'],
    ...(batchCosts ?? []).map(({ rows, ms }): Fact => [`a prediction of ${plural(rows, 'row')}`, time(ms)]),
    ['deadline', deadlineMs === null ? 'none' : time(deadlineMs)],
    ['idle threads spin', spinning === null ? OWN_OPTIONS : spinning ? 'yes' : 'no'],
  ]
}
