import { expect, test } from 'vitest'
import { linesThat } from '../support/source-lines'

/** Where names become states. */
const RULE = 'python/ftcadis_host/streams.py'

test('nothing in Python seeds a generator but the rule of the streams', () => {
  const seeds =
    /\bmanual_seed\((?!_host)|default_rng\(|RandomState\(|random\.Random\(|\.set_state\((?!_to_json)|random\.seed\(|np\.random\.[a-z]/
  expect(seeds.test('torch.manual_seed(seed)')).toBe(true)
  const found = linesThat(seeds, 'python', '.py').filter(line => !line.startsWith(RULE))
  expect(found.sort()).toEqual([
    // Which images a data set has, and which of them are certified, belongs to the data and not to a run.
    'python/ftcadis_host/data/sources/digits.py: order = np.random.RandomState(DIGITS_SEED).permutation(len(pixels_and_label))',
    'python/ftcadis_host/data/sources/synthetic.py: generator = np.random.default_rng((SPLITS[self.split], index))',
    'python/ftcadis_host/data/sources/synthetic.py: self.labels = np.random.default_rng(SPLITS[split]).permutation(np.arange(length, dtype=np.int64) % classes)',
    "python/ftcadis_host/data/subsets.py: Chooses like the authors' released code for ImageNet: after `random.seed(seed)`, shuffles each class's list of indices",
    'python/ftcadis_host/data/subsets.py: generator = random.Random(seed)',
    'python/ftcadis_host/data/subsets.py: return sorted(random.Random(seed).sample(range(len(dataset)), count))',
    // Whether a network that a file of code makes has random weights; torch's generator is as before afterwards.
    'python/ftcadis_host/networks/classifier_sources/python.py: torch.manual_seed(torch.initial_seed() + 1)',
    // Images that a graph and its network are compared on.
    'python/ftcadis_host/onnx_export.py: images = torch.rand(2, *image_shape, generator=torch.Generator().manual_seed(0))',
    'python/ftcadis_host/onnx_export.py: images = torch.rand(3, *image_shape, generator=torch.Generator().manual_seed(1))',
  ])
})

test('nothing in TypeScript draws but by the rule of the streams', () => {
  const draws = /Math\.random\(|getRandomValues|randomInt|createCipheriv\(/
  expect(['src', 'examples', 'bench'].flatMap(folder => linesThat(draws, folder, '.ts'))).toEqual([
    // Its key is that of a stream.
    "src/analysis/paired-comparison.ts: const keystream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))",
  ])
})
