import { checkRule, exampleEvidence, exampleSeveral, withoutFacts } from '../../test/support/check-rule.ts'
import { unrequestedBeams } from './unrequested-beams.ts'

const beams = (many: number, beamsFrom: string | null = 'generation_config.json', searched = many) => ({
  options: { beams: many, searched, beamsFrom, cacheCapacity: null, capacityFrom: null },
  severalTokens: exampleSeveral(1.5, 2.5, 4),
})

checkRule(unrequestedBeams, {
  found: [
    {
      name: 'by a file of the model',
      given: exampleEvidence(beams(4)),
      expect: {
        next: null,
        detail:
          /^4 beams are searched \(by generation_config\.json\), .* They take 2\.5 times one: a token alone takes 4\.00 ms\./,
        savingByPart: { firstToken: 0, token: 6 },
      },
    },
    {
      name: 'by a file of the model, while the measured calls search one',
      given: exampleEvidence(beams(4, 'generation_config.json', 1)),
      expect: {
        wouldSaveMs: null,
        timeMs: 60,
        detail:
          /^A call that does not set num_beams gets 4 beams \(by generation_config\.json\): about 2\.5 times a token alone, which takes 10\.0 ms\./,
      },
    },
    {
      name: 'several at once were not measured',
      given: withoutFacts(beams(2, null), 'severalTokens'),
      expect: { wouldSaveMs: null, timeMs: 100 },
    },
  ],
  clear: [
    { name: 'one', given: exampleEvidence() },
    { name: 'as the caller wants', given: exampleEvidence(beams(4, 'the caller')) },
  ],
})
