// A profile on a scripted engine: which sessions are opened when, what belongs to a round, and what is profiled on one thread.
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedClock, scriptedClock } from '../../../test/support/engines/example-clock.ts'
import { type EngineScript, type Opened, scriptedEngine } from '../../../test/support/engines/example-engine.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { BODY_US, chainSpans, chainUs, PLAIN_US } from '../../../test/support/timing/profile/example-chains.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { saveInputs } from '../../samples/saved.ts'
import { modelTask } from '../../trials/model-task.ts'
import { profileModel } from './run.ts'
import type { ProfileInput } from './types.ts'

const folder = folderOfTests()
let inputs: string
beforeAll(async () => {
  inputs = saveInputs(join(folder, 'in'), [{ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } }])
  // The chains are written once.
  await profiled({ runMs: () => 5 })
})

interface Given extends Partial<Omit<EngineScript, 'runMs'>> {
  readonly clock?: ScriptedClock
  /** Of model.onnx, ms. */
  readonly runMs: EngineScript['runMs']
  readonly input?: Partial<ProfileInput>
}

/** The empty model takes 0.05 ms, loading one 10; chains cost what example-chains.ts says, and show one prediction in the profile. */
async function profiled({ runMs, spans = () => [], input = {}, clock = scriptedClock(), ...script }: Given) {
  const engine = scriptedEngine({
    clock,
    offers: ['threads', 'executed-graph', 'node-times'],
    loadMs: () => 10,
    runMs: (opened, k) => (opened.file === 'empty.onnx' ? 0.05 : (chainUs(opened) ?? 0) / 1000 || runMs(opened, k)),
    spans: (opened, k) => (chainUs(opened) === undefined ? spans(opened, k) : k === 0 ? chainSpans(opened, k) : []),
    ...script,
  })
  const profile = await profileModel(
    {
      ...modelTask('scripted', join(folder, 'model.onnx'), { ...plainOptions, threads: 2 }, inputs),
      sampleMs: 200,
      rounds: 2,
      least: { warmup: 5, samples: 6 },
      folder,
      optimizedModelPath: join(folder, 'optimized.onnx'),
      emptyModelFile: join(folder, 'empty.onnx'),
      nodes: 20,
      ...input,
    },
    engine,
    clock.now,
  )
  return { profile, engine, sessions: engine.opened.filter(({ file }) => file === 'model.onnx') }
}
const isProfiled = ({ options }: Opened) => options.profilePrefix !== undefined

test('of an engine whose profiler cannot be calibrated no chains are run, and nothing is taken off', async () => {
  const spans = () => [{ name: 'a', opType: 'Conv', us: 400 }]
  const { profile, engine } = await profiled({ runMs: () => 1, offers: ['node-times', 'node-times-as-given'], spans })
  expect(engine.opened.filter(({ file }) => file.startsWith('chain-'))).toEqual([])
  expect(profile).toMatchObject({ asGiven: true, calibrated: false, bodyUs: null })
  expect(profile.rounds.map(({ cost }) => cost)).toEqual(
    Array(2).fill({ fixedUs: 0, perTensorUs: 0, betweenUs: 0, dispatchUs: 0 }),
  )
  expect(profile.events[0]!.rawMs).toEqual([0.4, 0.4])
})

describe('rounds', () => {
  test('are plain predictions, chains, profiled predictions, chains, plain ones and the empty model', async () => {
    const { engine, sessions } = await profiled({ runMs: () => 5 })
    const names = engine.opened.map(({ file, options }) => (options.profilePrefix ? `${file}*` : file).replace('.onnx', ''))
    const calibration = ['chain-unary-80*', 'chain-wide-80*', 'chain-varied-5*']
    const round = ['model*', ...calibration, 'model', 'empty']
    const plainChains = ['unary-40', 'unary-160', 'wide-40', 'wide-160', 'varied-2', 'varied-8'].map((name) => `chain-${name}`)
    expect(names).toEqual(['model', ...plainChains, ...calibration, ...round, ...round])
    // The graph is written once; each round has a profile of its own.
    expect(sessions.filter(isProfiled).map(({ options }) => [options.optimizedModelPath, options.profilePrefix])).toEqual([
      [join(folder, 'optimized.onnx'), join(folder, 'profile-0-')],
      [undefined, join(folder, 'profile-1-')],
    ])
  })

  test('leave no session open beside the one that is measured', async () => {
    const { engine } = await profiled({ runMs: () => 5 })
    const others = engine.log.filter((line) => !/chain-\w+-(40|160|2|8)\.onnx/.test(line))
    expect(others).toEqual(others.flatMap((line) => (line.startsWith('open') ? [line, line.replace('open', 'close')] : [])))
  })

  test('have their own plain latency, the mean of before and after, and how far these differ', async () => {
    // Plain predictions of 5 ms, then 6, then 9, as the machine slows down; profiled ones of 12 and 20.
    const plain = [5, 6, 9]
    const profiledMs = [12, 20]
    const times = new Map<Opened, number>()
    const runMs = (opened: Opened) => {
      const known = times.get(opened)
      const ms = known ?? (isProfiled(opened) ? profiledMs : plain).shift()!
      times.set(opened, ms)
      return ms
    }
    const { profile } = await profiled({ runMs })
    expect(profile.rounds).toMatchObject([
      { profiledP50Ms: 12, plainP50Ms: 5.5, plainDrift: 6 / 5, emptyP50Ms: expect.closeTo(0.05) },
      { profiledP50Ms: 20, plainP50Ms: 7.5, plainDrift: 9 / 6, emptyP50Ms: expect.closeTo(0.05) },
    ])
    expect(profile.rounds[0]!.cost.dispatchUs).toBeCloseTo(PLAIN_US.unary)
  })

  test('have what their predictions take outside of the engine', async () => {
    const { profile } = await profiled({ runMs: (opened, k) => (isProfiled(opened) && k % 2 === 0 ? 7 : 5), outsideMs: 1.5 })
    expect(profile.rounds.map(({ outsideMs }) => outsideMs)).toEqual([expect.closeTo(1.5), expect.closeTo(1.5)])
  })

  test('have no empty model where none can be made', async () => {
    const { profile } = await profiled({ runMs: () => 5, input: { emptyModelFile: null } })
    expect(profile.rounds.map(({ emptyP50Ms }) => emptyP50Ms)).toEqual([null, null])
  })
})

describe('a slow model', () => {
  const one = { rounds: 1, least: { warmup: 1, samples: 1 }, emptyModelFile: null }
  /** `bodyRuns`: of a node in a loop's body. */
  const loop = (bodyRuns: number) => () => [
    { name: 'loop', opType: 'Loop', us: 4e6, body: Array(bodyRuns).fill({ name: 'add', opType: 'Add', us: 10 }) },
  ]

  test('is profiled once, between two plain predictions, and no chain is run', async () => {
    const { profile, engine, sessions } = await profiled({ runMs: () => 5000, input: { ...one, nodes: 3000 } })
    expect(engine.opened.map(({ file }) => file)).toEqual(Array(3).fill('model.onnx'))
    expect(sessions.map((session) => [isProfiled(session), session.fed.length])).toEqual([
      [false, 2],
      [true, 2],
      [false, 2],
    ])
    expect(profile).toMatchObject({ calibrated: false, rounds: [{ profiledP50Ms: 5000, plainP50Ms: 5000 }] })
    expect(profile.rounds[0]!.cost.fixedUs).toBeGreaterThan(0)
  })

  // 1 % of 5 s are 3334 nodes of 15 µs.
  test('of many nodes is calibrated all the same', async () => {
    expect((await profiled({ runMs: () => 5000, input: { ...one, nodes: 3334 } })).profile.calibrated).toBe(true)
    expect((await profiled({ runMs: () => 5000, input: { ...one, nodes: 3333 } })).profile.calibrated).toBe(false)
  })

  test('of which a few nodes run often is calibrated once that is seen', async () => {
    const { profile, engine } = await profiled({ runMs: () => 5000, input: one, spans: loop(3400) })
    const files = engine.opened.map(({ file, options }) => (options.profilePrefix ? `${file}*` : file))
    expect(files.slice(0, 2)).toEqual(['model.onnx', 'model.onnx*'])
    expect(files).toContain('chain-varied-5.onnx*')
    expect(profile.calibrated).toBe(true)
    expect((await profiled({ runMs: () => 5000, input: one, spans: loop(100) })).profile.calibrated).toBe(false)
  })
})

describe('profiled predictions', () => {
  /** Those of the first round, without five that warm up. */
  const count = async (ms: number, sampleMs: number) => {
    const { sessions } = await profiled({ runMs: () => ms, input: { sampleMs, rounds: 1 } })
    return sessions.find(isProfiled)!.fed.length - 5
  }
  test('are as many as the time allows, and six at least', async () => {
    expect(await count(4, 40)).toBe(10)
    expect(await count(4, 4)).toBe(6)
  })
  test('have plain ones beside them, two fifths of that time', async () => {
    const { sessions } = await profiled({ runMs: () => 4, input: { sampleMs: 100, rounds: 1 } })
    expect(sessions.filter((one) => !isProfiled(one)).map(({ fed }) => fed.length - 5)).toEqual([10, 10])
  })
  test('are no more than their trace can be read for', async () => {
    // Of 20,000 events of 3 µs at least: 60 ms of predictions, or 200 of them.
    expect(await count(2, 1000)).toBe(30)
    expect(await count(0.1, 1000)).toBe(200)
  })
})

describe('nodes', () => {
  const spans: EngineScript['spans'] = ({ file }, k) =>
    file !== 'model.onnx'
      ? []
      : [
          { name: 'conv', opType: 'Conv', us: k < 5 ? 900 : 300 },
          { name: 'loop', opType: 'Loop', us: 100, body: [{ name: 'add', opType: 'Add', us: 40 }] },
        ]

  test('have their time by round, without the predictions that warm up', async () => {
    const { profile } = await profiled({ runMs: () => 5, spans })
    // Twelve a round: see above.
    expect(profile.predictions).toBe(2 * 12)
    expect(profile.events.map(({ name, parent, rawMs }) => [name, parent, rawMs])).toEqual([
      ['conv', null, [expect.closeTo(0.3), expect.closeTo(0.3)]],
      ['loop', null, [expect.closeTo(0.06), expect.closeTo(0.06)]],
      ['add', 1, [expect.closeTo(0.04), expect.closeTo(0.04)]],
    ])
    expect(profile.truncated).toBe(false)
  })

  test('within others ask what a round of a body costs', async () => {
    expect((await profiled({ runMs: () => 5, spans })).profile.bodyUs).toBeCloseTo(BODY_US)
    const flat = await profiled({ runMs: () => 5, spans: (opened, k) => spans(opened, k).map(({ body: _, ...span }) => span) })
    expect(flat.profile.bodyUs).toBeNull()
    expect(flat.engine.opened.filter(({ file }) => file.startsWith('loop'))).toEqual([])
  })

  test('without which there is no profile', async () => {
    const clock = scriptedClock()
    const engine = scriptedEngine({ clock, runMs: () => 5 })
    const mute = {
      ...engine,
      open: async (...asked: Parameters<typeof engine.open>) => ({
        ...(await engine.open(...asked)),
        endProfiling: async () => null,
      }),
    }
    const task = {
      ...modelTask('scripted', 'model.onnx', plainOptions, inputs),
      sampleMs: 10,
      rounds: 1,
      least: { warmup: 5, samples: 6 },
      folder,
      nodes: 3,
    }
    await expect(profileModel({ ...task, optimizedModelPath: '', emptyModelFile: null }, mute, clock.now)).rejects.toThrow(
      'the engine wrote no profile',
    )
  })
})

describe('a small model', () => {
  /** Times on the threads asked for and on one. */
  const onThreads = (asAsked: number, onOne: number) => (opened: Opened) => (opened.options.threads === 1 ? onOne : asAsked)
  const threadsOf = (sessions: readonly Opened[]) => sessions.map(({ options }) => options.threads)

  test('that is as fast on one thread is profiled on one, with its chains', async () => {
    const { profile, engine, sessions } = await profiled({ runMs: onThreads(0.5, 0.55), input: { rounds: 1 } })
    expect(profile.onOneThread).toBe(true)
    expect(profile.rounds).toMatchObject([{ plainP50Ms: expect.closeTo(0.55) }])
    expect(threadsOf(sessions)).toEqual([2, 1, 1, 1])
    const others = engine.opened.filter(({ file }) => file !== 'model.onnx')
    expect(new Set(threadsOf(others))).toEqual(new Set([1]))
  })

  test('that is slower on one thread is profiled as asked for', async () => {
    const { profile, sessions } = await profiled({ runMs: onThreads(0.5, 0.56), input: { rounds: 1 } })
    expect(profile.onOneThread).toBe(false)
    expect(profile.rounds).toMatchObject([{ plainP50Ms: expect.closeTo(0.5) }])
    expect(threadsOf(sessions)).toEqual([2, 1, 2, 2])
  })

  test.each([
    ['of a millisecond and more is none', { runMs: onThreads(1, 0.1) }],
    ['of an engine that takes no threads has no choice', { runMs: onThreads(0.5, 0.1), offers: ['node-times'] as const }],
    ['that was asked for on one thread stays there', { runMs: onThreads(0.5, 0.5), input: { options: plainOptions } }],
  ])('%s', async (_, given) => {
    const { profile, sessions } = await profiled({ ...given, input: { rounds: 1, ...('input' in given ? given.input : {}) } })
    expect(profile.onOneThread).toBe(false)
    expect(new Set(threadsOf(sessions)).size).toBe(1)
  })
})
