import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeMade, scratch } from '../../../../../test/support/made-folders.ts'
import { wavOf } from '../../../test/support/wav.ts'
import { promptsFor } from './prompts-for.ts'

afterAll(removeMade)

const folder = scratch()
const at = (name: string) => path.join(folder, name)
fs.writeFileSync(at('b.wav'), wavOf(100))
fs.writeFileSync(at('a.wav'), wavOf(100))
fs.writeFileSync(at('empty.wav.txt'), '')
fs.writeFileSync(at('list.txt'), 'a.wav\n')
fs.writeFileSync(at('wrong.txt'), 'a.mp3\n')
fs.writeFileSync(at('texts.txt'), 'one\ntwo\n')
fs.mkdirSync(at('none'))
fs.writeFileSync(path.join(at('none'), 'silent.mp3'), '')
const silent = path.join(scratch(), 'silent.wav')
fs.writeFileSync(silent, wavOf(0))

const listening = { source: 'whisper', reads: 'sound' } as const

describe('promptsFor', () => {
  it('a .wav file, those of a folder, or those of a list', () => {
    expect(promptsFor(listening, at('b.wav'))).toEqual({ prompts: null, sounds: [at('b.wav')] })
    expect(promptsFor(listening, folder).sounds).toEqual([at('a.wav'), at('b.wav')])
    expect(promptsFor(listening, at('list.txt')).sounds).toEqual([at('a.wav')])
  })

  it('texts for what reads text', () => {
    expect(promptsFor({ source: 't5', reads: 'text' }, at('texts.txt'))).toEqual({ prompts: ['one', 'two'], sounds: null })
  })

  it.each([
    [listening, at('none'), /holds no \.wav file; give one, a folder of some, or a text file that lists some$/],
    [listening, at('wrong.txt'), /a\.mp3 is not a \.wav file; convert it: ffmpeg/],
    [listening, at('nowhere.wav'), /no such file$/],
    [listening, silent, /there is no sound in it; check the file$/],
    [{ source: 't5', reads: 'text' } as const, at('a.wav'), /is sound, and t5 reads text; give a text file$/],
    [{ source: 'llama' }, at('a.wav'), /is sound, and llama reads text/],
    [{ source: 'trocr', reads: 'image' } as const, at('texts.txt'), /reads images, which are made up here; leave --prompts out$/],
  ])('%j and %s is one line', (found, file, message) => {
    expect(() => promptsFor(found, file)).toThrow(message)
  })
})
