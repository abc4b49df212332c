// Speech-like and music-like sound. Speech is a source and a filter (G. Fant, Acoustic Theory of Speech Production, 1960): pulses of the
// vocal folds or noise go through resonances, the formants, which move from sound to sound. Music is notes with decaying harmonics.

export type SoundName = 'speech' | 'music'

/** Formants of vowels in Hz, from a to u (G. E. Peterson, H. L. Barney, Control methods used in a study of the vowels, 1952). */
const VOWELS = [
  [730, 1090, 2440],
  [530, 1840, 2480],
  [270, 2290, 3010],
  [570, 840, 2410],
  [300, 870, 2240],
  [490, 1350, 1690],
] as const
/** Hz: how wide each resonance is. */
const BANDWIDTHS = [80, 100, 140] as const
/** The filter moves once in this time, s. */
const STEP_S = 0.005
/** Semitones above the lowest note. */
const SCALE = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19]
/** Loud syllables are this many decibels above quiet ones. */
const SYLLABLES_DB = 18
const HARMONICS = 6
const ROOM_NOISE = 0.0005
/** Recordings peak this many decibels below full scale, -26 dB on average of speech (ITU-T P.56), whose peaks are 17 dB above it. */
const PEAK_DB = [3, 15] as const
/** Each stretch, s, is another speaker or another tune, at another level. */
const STRETCH_S = 1.2

/** `length` samples at `rate` per second, within -1 … 1. */
export function soundOf(sound: SoundName, length: number, rate: number, random: () => number): Float32Array {
  const wave = new Float32Array(length)
  const stretch = Math.ceil(STRETCH_S * rate)
  for (let from = 0; from < length; from += stretch) {
    const part = wave.subarray(from, Math.min(length, from + stretch))
    if (sound === 'speech') speak(part, rate, random)
    else play(part, rate, random)
    scale(part, 10 ** (-(PEAK_DB[0] + (PEAK_DB[1] - PEAK_DB[0]) * random()) / 20))
  }
  return wave
}

/** Scales a wave to this peak, and adds the noise of a quiet room. */
function scale(wave: Float32Array, peak: number): void {
  let loudest = 1e-6
  for (let at = 0; at < wave.length; at++) loudest = Math.max(loudest, Math.abs(wave[at]!))
  const factor = (peak - ROOM_NOISE) / loudest
  const noise = noiseOf(2)
  for (let at = 0; at < wave.length; at++) wave[at] = wave[at]! * factor + ROOM_NOISE * noise()
}

/** -0.5 … 0.5, by a linear congruential generator: for sound that is noise enough, and fast (Numerical Recipes, 1992). */
function noiseOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 4294967296
  }
}

/** What a stretch of speech is made of. */
interface Segment {
  readonly length: number
  readonly vowel: readonly number[]
  /** Level of the pulses, and of the noise. */
  readonly voice: number
  readonly noise: number
}

function speak(wave: Float32Array, rate: number, random: () => number): void {
  const { length } = wave
  const pitch = 90 + 130 * random()
  // Taller and shorter speakers.
  const size = 0.9 + 0.25 * random()
  const formants: number[] = [...VOWELS[0]]
  const noiseAt = noiseOf(4294967296 * random())
  let voice = 0
  let noise = 0
  let phase = random()
  const step = Math.max(1, Math.round(STEP_S * rate))
  // Of each resonance its three factors, and its last two values.
  const factors = new Float64Array(9)
  const memory = new Float64Array(6)
  let at = 0
  while (at < length) {
    for (const segment of syllable(rate, random)) {
      const end = Math.min(length, at + segment.length)
      while (at < end) {
        for (let k = 0; k < 3; k++) {
          formants[k] = formants[k]! + 0.2 * (segment.vowel[k]! * size - formants[k]!)
          tune(factors, k, formants[k]!, rate)
        }
        const advance = (pitch * (1 + 0.1 * Math.sin((6 * at) / rate))) / rate
        for (const stop = Math.min(end, at + step); at < stop; at++) {
          voice += 0.004 * (segment.voice - voice)
          noise += 0.02 * (segment.noise - noise)
          phase += advance
          if (phase >= 1) phase -= 1
          // The folds open slowly and close at once.
          const pulse = phase < 0.6 ? phase * phase * (0.6 - phase) * 10 : 0
          let y = voice * (pulse - 0.12) + noise * noiseAt()
          for (let k = 0; k < 3; k++) {
            y = factors[3 * k]! * y + factors[3 * k + 1]! * memory[2 * k]! + factors[3 * k + 2]! * memory[2 * k + 1]!
            memory[2 * k + 1] = memory[2 * k]!
            memory[2 * k] = y
          }
          wave[at] = y
        }
      }
    }
  }
}

/** A digital resonator (D. H. Klatt, Software for a cascade/parallel formant synthesizer, JASA 67, 1980). */
function tune(factors: Float64Array, k: number, hertz: number, rate: number): void {
  const radius = Math.exp((-Math.PI * BANDWIDTHS[k]!) / rate)
  const turn = 2 * radius * Math.cos((2 * Math.PI * Math.min(hertz, 0.45 * rate)) / rate)
  factors[3 * k] = 1 - turn + radius * radius
  factors[3 * k + 1] = turn
  factors[3 * k + 2] = -radius * radius
}

/** A consonant, a vowel, and now and then a pause. */
function syllable(rate: number, random: () => number): Segment[] {
  const vowel = VOWELS[Math.floor(random() * VOWELS.length)]!
  const lasting = (from: number, to: number) => Math.ceil((from + (to - from) * random()) * rate)
  const kind = random()
  const hiss = [2500, 4200, 5800] as const
  const consonant: Segment[] =
    kind < 0.3
      ? [
          { length: lasting(0.03, 0.07), vowel, voice: 0, noise: 0 },
          { length: lasting(0.01, 0.02), vowel: hiss, voice: 0, noise: 0.03 },
        ]
      : kind < 0.55
        ? [{ length: lasting(0.06, 0.12), vowel: hiss, voice: 0, noise: 0.012 }]
        : kind < 0.8
          ? [{ length: lasting(0.04, 0.09), vowel: [250, 1200, 2300], voice: 0.3, noise: 0 }]
          : []
  const pause: Segment[] = random() < 0.18 ? [{ length: lasting(0.1, 0.5), vowel, voice: 0, noise: 0 }] : []
  return [
    ...consonant,
    { length: lasting(0.08, 0.25), vowel, voice: 10 ** ((-SYLLABLES_DB * random()) / 20), noise: 0.002 },
    ...pause,
  ]
}

function play(wave: Float32Array, rate: number, random: () => number): void {
  const lowest = 110 * 2 ** (random() * 1.5)
  const beat = Math.ceil((0.2 + 0.3 * random()) * rate)
  for (let at = 0; at < wave.length; at += beat) {
    const voices = random() < 0.15 ? 0 : random() < 0.3 ? 3 : 1
    for (let voice = 0; voice < voices; voice++) {
      const hertz = lowest * 2 ** (SCALE[Math.floor(random() * SCALE.length)]! / 12)
      addNote(wave, { from: at, length: Math.ceil(beat * (1 + random())), hertz, level: 0.4 + 0.6 * random() }, rate, random)
    }
  }
}

interface Note {
  readonly from: number
  readonly length: number
  readonly hertz: number
  readonly level: number
}

function addNote(wave: Float32Array, { from, length, hertz, level }: Note, rate: number, random: () => number): void {
  const end = Math.min(wave.length, from + length)
  const attack = 0.01 * rate
  for (let harmonic = 1; harmonic <= HARMONICS && harmonic * hertz < 0.45 * rate; harmonic++) {
    const radians = (2 * Math.PI * hertz * harmonic) / rate
    // sin(n·r) from the two sines before it; the factor makes it decay, higher harmonics faster.
    const decay = Math.exp((-2 * harmonic) / rate)
    const twice = 2 * decay * Math.cos(radians)
    const square = decay * decay
    let before = 0
    let now = (level / harmonic ** 1.2) * Math.sin(radians) * (0.7 + 0.6 * random())
    for (let at = from; at < end; at++) {
      wave[at] = wave[at]! + now * Math.min(1, (at - from) / attack, (end - at) / attack)
      const next = twice * now - square * before
      before = now
      now = next
    }
  }
}
