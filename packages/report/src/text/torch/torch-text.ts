// A PyTorch model on a terminal: its modules, what dispatch takes, and other settings timed in turns.
import { meanCount, plural, sharePercent, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { TorchSection, TorchTrial } from '../../documents/report-torch.ts'
import { type Colours, type Column, table, widthOf } from '../page.ts'
import { wrap, wrapHanging } from '../wrap.ts'
import { moduleGroups } from './modules.ts'
import { outputsWords } from './outputs.ts'

const MOST_MODULES = 8
const MOST_OPERATORS = 4
/** Rows below this share say nothing. */
const LEAST_SHARE = 0.005
const LONGEST_TYPE = 22

/** Paragraphs. */
export function torchText(torch: TorchSection | null | undefined, width: number, colours: Colours): readonly string[][] {
  if (!torch) return []
  return [modules(torch, width, colours), setting(torch, width), trials(torch, width, colours)].filter((one) => one.length > 0)
}

function modules(torch: TorchSection, width: number, colours: Colours): string[] {
  const groups = moduleGroups(torch)
  const rows = groups.filter(({ share }) => share >= LEAST_SHARE).slice(0, MOST_MODULES)
  if (rows.length === 0) return []
  const left = groups.length - rows.length
  const places = rows.map(({ place }) => (place === null ? '' : `${place.file}:${place.line}`))
  const types = rows.map(({ type }) => (type.length <= LONGEST_TYPE ? type : `${type.slice(0, LONGEST_TYPE - 1)}…`))
  const others: readonly Column[] = [
    { head: 'Type', texts: types },
    { head: 'Own time', side: 'left', texts: rows.map(({ selfMs }) => time(selfMs)) },
    { head: 'Share', side: 'left', texts: rows.map(({ share }) => sharePercent(share)) },
    { head: 'operators', side: 'left', texts: rows.map(({ operators }) => (operators === 0 ? '' : meanCount(operators))) },
    ...(places.some((one) => one !== '') ? [{ head: 'forward', texts: places }] : []),
  ]
  const longest = Math.max(20, width - widthOf(others))
  const cut = (text: string) => (text.length <= longest ? text : `…${text.slice(text.length - longest + 1)}`)
  return [
    colours.bold(`Modules of ${torch.root}`),
    ...table(
      [{ head: 'Module', texts: rows.map(({ name, count }) => cut(count === 1 ? name : `${name} ×${count}`)) }, ...others],
      colours,
    ),
    ...(left > 0 ? wrap(`${left} more with smaller shares: --json writes all of them.`, width) : []),
  ]
}

function setting(torch: TorchSection, width: number): string[] {
  const { version, build, threads, dtype, parameters, gradients, training, compiled, clocksAdded, operators, device } = torch
  const most = operators
    .slice(0, MOST_OPERATORS)
    .map(({ name, calls, timeMs }) => `${name} (${meanCount(calls)}×, ${time(timeMs)})`)
  const gpu = build.cuda === null || build.gpu ? [] : [`a build for CUDA ${build.cuda} that finds no GPU`]
  const state = [
    ...(training ? ['in training mode'] : []),
    ...(gradients ? ['gradients are tracked'] : []),
    ...(compiled ? ['compiled by torch.compile'] : []),
  ]
  return [
    ...(torch.dispatchMs === null || torch.operatorsPerPrediction === null
      ? []
      : wrapHanging(
          `Dispatch: ${sharePercent(torch.dispatchMs / torch.p50Ms)} of the model's time, ${plural(Math.round(torch.operatorsPerPrediction), 'operator')} at ${time(torch.operatorNs / 1e6)} and ${plural(torch.moduleCalls, 'call')} of modules at ${time(torch.moduleNs / 1e6)}.`,
          width,
        )),
    ...(most.length === 0 ? [] : wrapHanging(`Operators: ${most.join(', ')}.`, width)),
    ...wrapHanging(
      `PyTorch: ${[version, ...gpu, `on ${device}`, build.capability ?? [], build.onednn ? 'oneDNN' : 'no oneDNN', plural(threads, 'thread'), `${(parameters / 1e6).toFixed(1)} million parameters`, dtype ?? [], ...state].flat().join(', ')}.`,
      width,
    ),
    ...(clocksAdded >= 0.001
      ? wrapHanging(
          `Clocks around modules added ${(clocksAdded * 100).toFixed(1)} %; times are scaled to a prediction without them.`,
          width,
        )
      : []),
  ]
}

function trials({ trials: all }: TorchSection, width: number, colours: Colours): string[] {
  const timed = all.flatMap((one) => (one.times === null ? [] : [{ ...one, times: one.times }]))
  const failed = all.filter(({ times }) => times === null)
  const lines = failed.map(({ title, reason }) => wrapHanging(`${title}: not timed: ${reason ?? 'it gave no times'}`, width))
  if (timed.length === 0) return lines.flat()
  const range = ({ ratio, ratioLow, ratioHigh }: (typeof timed)[number]['times']) =>
    `${significant(ratio)}× (${significant(ratioLow)}–${significant(ratioHigh)})`
  return [
    colours.bold('Settings, each timed in turns with the model without it'),
    ...table(
      [
        { head: 'Setting', texts: timed.map(({ title }) => title) },
        { head: 'without', side: 'left', texts: timed.map(({ times }) => time(times.nowMs)) },
        { head: 'with', side: 'left', texts: timed.map(({ times }) => time(times.insteadMs)) },
        { head: 'as fast', side: 'left', texts: timed.map(({ times }) => range(times)) },
        { head: 'first call', side: 'left', texts: timed.map(({ firstMs }) => (firstMs === null ? '' : time(firstMs))) },
        { head: 'outputs', texts: timed.map(shortOutputs) },
      ],
      colours,
    ),
    ...lines.flat(),
  ]
}

/** The table is as wide as a terminal. */
const SHORT: Readonly<Record<string, string>> = { bits: 'same bits', rounding: 'rounding' }
const shortOutputs = (trial: TorchTrial): string => SHORT[trial.equal ?? ''] ?? outputsWords(trial)
