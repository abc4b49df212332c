// A PyTorch model within the user's code: its modules, dispatch against kernels, what it copies and reads, and other settings in turns.
import { type ModuleGroup, moduleGroups } from '@whyslow/report/text/torch/modules.ts'
import { outputsWords } from '@whyslow/report/text/torch/outputs.ts'
import { count, factorRange, meanCount, percent, plural, sharePercent, time } from '../format.ts'
import { Facts } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { Name, Sentence } from '../kit/name.tsx'
import type { Column } from '../kit/plain-table.tsx'
import { RatioRows } from '../pictures/ratio-rows.tsx'
import { WaterfallBars } from '../pictures/waterfall-bars.tsx'
import type { Pipeline } from './facts.ts'

export type Torch = NonNullable<Pipeline['torch']>
type Trial = Torch['trials'][number]
type Place = { readonly file: string | null; readonly line: number | null }

const MOST_BARS = 14
const MOST_MOVES = 12

export function TorchModel({ torch }: { torch: Torch }) {
  return (
    <div class="figures">
      {torch.modules.length > 0 && <Modules torch={torch} />}
      {torch.dispatchMs !== null && <Dispatch torch={torch} dispatchMs={torch.dispatchMs} />}
      {torch.copies.length + torch.reads.length > 0 && <Moves torch={torch} />}
      {torch.trials.length > 0 && <Settings torch={torch} />}
      <Facts title="PyTorch" facts={factsOf(torch)} />
    </div>
  )
}

const titleOf = ({ name, count: many }: ModuleGroup): string => (many === 1 ? name : `${name} ×${many}`)
const at = ({ file, line }: Place): string => (file === null ? '' : line === null ? file : `${file}:${line}`)

function Modules({ torch }: { torch: Torch }) {
  const groups = moduleGroups(torch)
  const [longest] = groups
  const [drawn, rest] = [groups.slice(0, MOST_BARS), groups.slice(MOST_BARS)]
  const restMs = rest.reduce((sum, { selfMs }) => sum + selfMs, 0)
  return (
    <Figure
      title="Which modules take the time?"
      says={
        longest !== undefined && (
          <>
            <Name text={titleOf(longest)} most={60} /> takes {time(longest.selfMs)}, {sharePercent(longest.share)} of the model.
          </>
        )
      }
      rows={torch.modules}
      columns={MODULE_COLUMNS}
      tableTitle="Every module, as a table"
      note={`Own time of a module, without the modules that it calls: all of them add up to the model. Modules of one place in repeated layers are one bar.${torch.clocksAdded < 0.005 ? '' : ` Clocks around modules added ${percent(torch.clocksAdded)}; times are scaled to a prediction without them.`}`}
    >
      <WaterfallBars
        parts={[
          ...drawn.map((group, index) => ({
            name: titleOf(group),
            kind: index === 0 ? 'longest' : 'stage',
            timeMs: group.selfMs,
          })),
          ...(rest.length === 0 ? [] : [{ name: plural(rest.length, 'other'), kind: 'stage', timeMs: restMs }]),
        ]}
        wholeMs={torch.p50Ms}
        wholeName={torch.root}
      />
    </Figure>
  )
}

const MODULE_COLUMNS: readonly Column<Torch['modules'][number]>[] = [
  { head: 'module', show: ({ name, type }) => <Name text={name || type} />, value: ({ name }) => name },
  { head: 'type', show: ({ type }) => <Name text={type} most={60} />, value: ({ type }) => type },
  { head: 'own time', show: ({ selfMs }) => time(selfMs), value: ({ selfMs }) => selfMs, isNumber: true },
  { head: 'with what it calls', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
  { head: 'calls', show: (one) => meanCount(one.calls), value: (one) => one.calls, isNumber: true },
  { head: 'operators', show: ({ operators }) => meanCount(operators), value: ({ operators }) => operators, isNumber: true },
  {
    head: 'called by',
    show: ({ calledBy }) => (calledBy === null ? '' : <Name text={calledBy || 'the model'} most={80} />),
    value: ({ calledBy }) => calledBy,
  },
  {
    head: 'forward',
    show: ({ place }) => (place === null ? '' : <Name text={at(place)} most={80} />),
    value: ({ place }) => (place === null ? null : at(place)),
  },
]

function Dispatch({ torch, dispatchMs }: { torch: Torch; dispatchMs: number }) {
  const { operatorsPerPrediction, operatorNs, moduleCalls, moduleNs, p50Ms, operators, root } = torch
  const share = p50Ms > 0 ? dispatchMs / p50Ms : 0
  return (
    <Figure
      title="Is it dispatch, or kernels?"
      says={
        <>
          Starting operators takes {time(dispatchMs)}, {sharePercent(share)} of the model:{' '}
          {meanCount(operatorsPerPrediction ?? 0)} operators at {time(operatorNs / 1e6)} each, and {plural(moduleCalls, 'call')}{' '}
          of modules at {time(moduleNs / 1e6)}.
        </>
      }
      rows={operators}
      columns={OPERATOR_COLUMNS}
      tableTitle="The operators, as a table"
      note="What an operator costs that has nothing to compute is measured on empty tensors in the same process; a module’s call likewise."
    >
      <WaterfallBars
        parts={[
          { name: 'dispatch', kind: share >= 0.5 ? 'longest' : 'stage', timeMs: dispatchMs },
          { name: 'kernels, and your own Python', kind: share >= 0.5 ? 'stage' : 'longest', timeMs: p50Ms - dispatchMs },
        ]}
        wholeMs={p50Ms}
        wholeName={root}
      />
    </Figure>
  )
}

const OPERATOR_COLUMNS: readonly Column<Torch['operators'][number]>[] = [
  { head: 'operator', show: ({ name }) => <Name text={name} />, value: ({ name }) => name },
  { head: 'calls', show: (one) => meanCount(one.calls), value: (one) => one.calls, isNumber: true },
  { head: 'time', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
]

interface Move extends Place {
  readonly what: string
  readonly calls: number
  /** null: it is no time of its own. */
  readonly timeMs: number | null
}

function Moves({ torch: { copies, reads } }: { torch: Torch }) {
  const moves: readonly Move[] = [
    ...copies.map(({ kind, what, ...one }) => ({ ...one, what: kind === 'dtype' ? what : `into another layout (${what})` })),
    ...reads.map(({ method, ...one }) => ({ ...one, what: `.${method}() read into Python`, timeMs: null })),
  ]
  const [longest] = copies
  return (
    <Figure
      title="Which tensors are copied, or read into Python?"
      says={
        longest !== undefined && (
          <>
            The copy that takes most, {time(longest.timeMs)}: <Name text={at(longest) || longest.operator} most={80} />.
          </>
        )
      }
      rows={moves}
      columns={MOVE_COLUMNS}
      note="A copy moves a tensor into another dtype or layout. A value that Python reads waits for what computes it, and torch.compile cannot go over it."
    >
      <ol class="ranked">
        {moves.slice(0, MOST_MOVES).map(({ what, timeMs, ...one }, index) => (
          <li key={index}>
            <Name text={at(one) || 'within PyTorch'} most={60} /> <Sentence text={what} />
            <span>
              {meanCount(one.calls)} a prediction{timeMs !== null && `, ${time(timeMs)}`}
            </span>
          </li>
        ))}
      </ol>
    </Figure>
  )
}

const MOVE_COLUMNS: readonly Column<Move>[] = [
  { head: 'place', show: (move) => <Name text={at(move)} />, value: at },
  { head: 'what', show: ({ what }) => <Sentence text={what} />, value: ({ what }) => what },
  { head: 'a prediction', show: (move) => meanCount(move.calls), value: (move) => move.calls, isNumber: true },
  {
    head: 'time',
    show: ({ timeMs }) => (timeMs === null ? '' : time(timeMs)),
    value: ({ timeMs }) => timeMs,
    isNumber: true,
  },
]

function Settings({ torch: { trials } }: { torch: Torch }) {
  const timed = trials.flatMap((trial) => (trial.times === null ? [] : [{ ...trial, times: trial.times }]))
  const best = [...timed].sort((a, b) => b.times.ratioLow - a.times.ratioLow)[0]
  const breaks = trials.flatMap((trial) => trial.breaks ?? [])
  return (
    <Figure
      title="What do other settings give?"
      says={
        best !== undefined &&
        (best.times.ratioLow > 1 ? (
          <>
            {best.title} is {factorRange(best.times.ratioLow, best.times.ratioHigh)} as fast; its outputs: {outputsWords(best)}.
          </>
        ) : (
          'None is surely faster.'
        ))
      }
      rows={trials}
      columns={TRIAL_COLUMNS}
      tableTitle="Every setting, with its outputs and its first call"
      note="Each in turns with the model without it, in one process. A point is the ratio, the line its 95 % interval. If that includes 1×, no difference is detectable."
    >
      {timed.length > 0 && (
        <RatioRows
          rows={timed.map(({ title, times, ...trial }) => ({
            name: title,
            note: `${time(times.nowMs)} → ${time(times.insteadMs)}, ${outputsWords(trial)}`,
            ratio: times.ratio,
            low: times.ratioLow,
            high: times.ratioHigh,
            outcome: times.ratioLow > 1 ? 'better' : times.ratioHigh < 1 ? 'worse' : 'same',
          }))}
          label={`Settings: ${timed.map(({ title, times }) => `${title} ${factorRange(times.ratioLow, times.ratioHigh)}`).join(', ')}`}
          left="slower"
          right="faster"
        />
      )}
      {breaks.length > 0 && (
        <>
          <p>torch.compile breaks its graph at:</p>
          <ul>
            {breaks.map(({ reason, ...place }, index) => (
              <li key={index}>
                <Name text={at(place) || 'within PyTorch'} most={80} />: <Sentence text={reason} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Figure>
  )
}

const TRIAL_COLUMNS: readonly Column<Trial>[] = [
  { head: 'setting', show: ({ title }) => title },
  { head: 'the line', show: ({ code }) => <code translate={false}>{code}</code>, value: ({ code }) => code },
  ...(['nowMs', 'insteadMs'] as const).map(
    (key): Column<Trial> => ({
      head: key === 'nowMs' ? 'without' : 'with',
      show: ({ times }) => (times === null ? '' : time(times[key])),
      value: ({ times }) => times?.[key] ?? null,
      isNumber: true,
    }),
  ),
  {
    head: 'times as fast',
    show: ({ times }) => (times === null ? '' : factorRange(times.ratioLow, times.ratioHigh)),
    value: ({ times }) => times?.ratio ?? null,
    isNumber: true,
  },
  {
    head: 'first call',
    show: ({ firstMs }) => (firstMs === null ? '' : time(firstMs)),
    value: ({ firstMs }) => firstMs,
    isNumber: true,
  },
  { head: 'outputs', show: (trial) => (trial.times === null ? '' : outputsWords(trial)) },
  {
    head: 'not timed',
    show: ({ reason }) => (reason === null ? '' : <Sentence text={reason} />),
    value: ({ reason }) => reason,
  },
]

function factsOf({ version, build, device, dtype, threads, parameters, gradients, training, compiled, ...torch }: Torch) {
  const gpu = build.cuda === null ? 'for the CPU' : `for CUDA ${build.cuda}${build.gpu ? '' : ', and finds no GPU'}`
  const state = [
    ...(training ? ['in training mode'] : []),
    ...(gradients ? ['gradients are tracked'] : []),
    ...(compiled ? ['compiled by torch.compile'] : []),
  ]
  return [
    ['version', `${version}, built ${gpu}`],
    [
      'runs on',
      [device, build.capability ?? [], build.onednn ? 'oneDNN' : 'no oneDNN', plural(threads, 'thread')].flat().join(', '),
    ],
    ['parameters', `${count(parameters)}${dtype === null ? '' : ` of ${dtype}`}`],
    ['state', state.length === 0 ? null : state.join(', ')],
    ['called at', torch.ran === null ? null : at(torch.ran)],
  ] as const
}
