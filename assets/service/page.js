'use strict'

const part = id => document.getElementById(id)
const percent = share => `${(100 * share).toFixed(1)} %`
/** A radius never claims more than was certified. */
const down = radius => (Math.floor(radius * 1e4) / 1e4).toString()

let about
/** The image that is shown: its bytes, and its pixels as the networks are given them. */
let image
let pixels
let running

async function start() {
  about = await (await fetch('about')).json()
  part('about').textContent =
    `${about.classes.length} classes, noise of σ = ${about.sigma}. A certified class stays the same for every change of the pixels up to the radius.`
  part('n').value = Math.min(about.n, 1000)
  part('n').max = about.limits.mostVotes
  part('alpha').value = about.alpha
  part('token-field').hidden = !about.needsToken
  part('camera').hidden = navigator.mediaDevices?.getUserMedia === undefined
}

function send(path, options = {}) {
  const query = new URLSearchParams(options)
  const token = part('token').value
  return fetch(`${path}?${query}`, {
    method: 'POST',
    body: image,
    signal: running.signal,
    headers: {
      'content-type': image.type.startsWith('image/') ? image.type : 'application/octet-stream',
      accept: path === 'predict' ? 'application/x-ndjson' : 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    },
  })
}

async function classify() {
  if (image === undefined) return
  running?.abort()
  const own = new AbortController()
  running = own
  part('problem').textContent = ''
  part('stop').hidden = false
  part('result').hidden = false
  part('result').setAttribute('aria-busy', 'true')
  part('status').className = ''
  part('status').textContent = 'Votes come in; the values are preliminary.'
  part('progress').removeAttribute('value')
  part('evidence').replaceChildren()
  part('statement').textContent = ''
  part('class').textContent = '…'
  part('values').className = 'preliminary'
  const options = { n: part('n').value, alpha: part('alpha').value }
  if (part('radius').value !== '') options.radius = part('radius').value
  try {
    const answer = await send('predict', options)
    if (!answer.ok) throw await answer.json()
    const last = await lines(answer, showPartial)
    if (last?.kind !== 'answer') {
      throw last ?? { message: 'The answer was cut off.', remedy: 'Try again.' }
    }
    showAnswer(last)
    remember(last)
    await showPictures(last)
  } catch (error) {
    if (running !== own) return
    if (part('values').className === 'preliminary') part('result').hidden = true
    part('status').textContent = ''
    if (!own.signal.aborted) part('problem').textContent = [error.message, error.remedy].filter(Boolean).join(' ')
  } finally {
    if (running === own) {
      part('stop').hidden = true
      part('result').removeAttribute('aria-busy')
    }
  }
}

/** Calls `onLine` with each line but the last, which is returned. */
async function lines(answer, onLine) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let last
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return last
    const parts = (text + value).split('\n')
    text = parts.pop()
    for (const line of parts) {
      if (last !== undefined) onLine(last)
      last = JSON.parse(line)
    }
    if (last?.kind === 'partial') onLine(last)
  }
}

function showPartial({ kind, votes, topClassName, radius, copies, of }) {
  if (kind !== 'partial') return
  part('class').textContent = topClassName
  part('statement').textContent = `radius ${down(radius)} so far: no certificate yet`
  part('progress').max = of
  part('progress').value = copies
  showVotes(votes)
}

function showAnswer(answer) {
  const { verdict, className, radius, alpha, n, copies, seed, digest, pythonRestarted, pValue, atRadius } = answer
  part('values').className = verdict
  part('class').textContent = verdict === 'abstained' ? 'No class' : className
  part('statement').textContent = statementOf(answer)
  part('progress').max = 1
  part('progress').value = 1
  // It stands above already, for who sees it.
  part('status').className = 'visually-hidden'
  part('status').textContent = `Final: ${part('class').textContent}. ${part('statement').textContent}`
  showVotes(answer.votes)
  const evidence = {
    α: alpha,
    'votes (n)': n,
    'noisy copies in all': copies,
    'lower bound of the probability': answer.lowerBound.toPrecision(5),
    'p-value': pValue === null ? 'of one radius there is none' : pValue.toPrecision(3),
    ...(atRadius === null ? {} : { 'the radius asked about': atRadius }),
    seed,
    configuration: digest,
    ...(pythonRestarted ? { Python: 'was started again for this answer' } : {}),
  }
  part('evidence').replaceChildren(
    ...Object.entries(evidence).flatMap(([name, value]) => [text('dt', name), text('dd', value)]),
  )
}

function statementOf({ verdict, radius, atRadius, alpha }) {
  const wrong = `This is wrong with probability at most ${alpha}.`
  if (verdict === 'certified') return `The same within an ℓ2 radius of ${down(radius)}. ${wrong}`
  if (verdict === 'predicted') return `No radius is certified. ${wrong}`
  if (atRadius === 'refused') return 'The radius cannot be certified.'
  return 'The votes do not tell. More noisy copies may.'
}

function showVotes(votes) {
  const total = votes.reduce((sum, count) => sum + count, 0) || 1
  const leading = votes
    .map((count, label) => ({ count, label }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 10)
  part('votes').tBodies[0].replaceChildren(
    ...leading.map(({ count, label }) => {
      const row = document.createElement('tr')
      const share = document.createElement('meter')
      share.value = count / total
      share.setAttribute('aria-label', percent(count / total))
      const bar = document.createElement('td')
      bar.append(share)
      const head = text('th', about.classes[label])
      head.scope = 'row'
      row.append(head, text('td', count), bar)
      return row
    }),
  )
}

async function showPictures({ radius, sigma }) {
  const answer = await send('pictures')
  if (!answer.ok) throw await answer.json()
  const { image: own, noisy, denoised } = await answer.json()
  pixels = await pixelsOf(own)
  part('size').max = Math.max(4 * sigma, 2 * radius).toFixed(2)
  part('size').value = Math.floor(100 * radius) / 100
  showChange()
  const pictures = [
    ...noisy.map((png, place) => picture(png, `noisy copy ${place + 1}`)),
    ...denoised.map((png, place) => picture(png, `copy ${place + 1}, denoised`)),
  ]
  part('copies').replaceChildren(...pictures)
  // Noise after a layer of the classifier has no pictures.
  part('copies-title').hidden = pictures.length === 0
  part('seen').hidden = false
}

function picture(png, description) {
  const shown = new Image()
  shown.src = `data:image/png;base64,${png}`
  shown.alt = description
  return shown
}

async function pixelsOf(png) {
  const shown = picture(png, '')
  await shown.decode()
  const canvas = part('plain')
  canvas.width = shown.naturalWidth
  canvas.height = shown.naturalHeight
  const context = canvas.getContext('2d')
  context.drawImage(shown, 0, 0)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

/** Adds a change in a random direction whose ℓ2 size is that of the slider, for pixels in [0, 1]. */
function showChange() {
  if (pixels === undefined) return
  const size = Number(part('size').value)
  const { width, height, data } = pixels
  const isGrey = data.every((value, place) => place % 4 === 3 || value === data[place - (place % 4)])
  const channels = isGrey ? 1 : 3
  const direction = Array.from({ length: width * height * channels }, normal)
  const length = Math.hypot(...chunks(direction).map(values => Math.hypot(...values)))
  const changed = new ImageData(width, height)
  for (let place = 0; place < data.length; place += 1) {
    const pixel = Math.floor(place / 4)
    const channel = place % 4
    const step = direction[pixel * channels + (isGrey ? 0 : channel)]
    changed.data[place] = channel === 3 ? 255 : data[place] + (255 * size * step) / length
  }
  const canvas = part('changed')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d').putImageData(changed, 0, 0)
  const perPixel = size / Math.sqrt(width * height * channels)
  part('size-value').textContent = size.toFixed(2)
  part('changed-caption').textContent = `a random change of size ${size.toFixed(2)}: ${percent(perPixel)} of the range a pixel on average`
}

/** In parts that a call takes as arguments. */
function chunks(values) {
  return Array.from({ length: Math.ceil(values.length / 1000) }, (_, place) =>
    values.slice(1000 * place, 1000 * (place + 1)),
  )
}

/** A standard normal number (Box and Muller). */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}

function remember(answer) {
  const entry = document.createElement('li')
  const shown = new Image()
  shown.alt = ''
  shown.src = URL.createObjectURL(image)
  const name = answer.verdict === 'abstained' ? 'no class' : answer.className
  const radius = answer.verdict === 'certified' ? `, radius ${down(answer.radius)}` : ''
  entry.append(shown, text('span', `${name}${radius} (n = ${answer.n}, α = ${answer.alpha})`))
  part('history').prepend(entry)
  part('history-hint').hidden = true
}

function text(tag, content) {
  const element = document.createElement(tag)
  element.textContent = content
  return element
}

function take(file) {
  if (file === undefined || file === null) return
  image = file
  part('again').disabled = false
  part('seen').hidden = true
  classify()
}

async function openCamera() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
    part('video').srcObject = stream
    await part('video').play()
    part('viewfinder').hidden = false
    part('shoot').focus()
  } catch (error) {
    part('problem').textContent = `The camera cannot be used: ${error.message} Choose a file instead.`
  }
}

function shoot() {
  const video = part('video')
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  canvas.getContext('2d').drawImage(video, 0, 0)
  for (const track of video.srcObject.getTracks()) track.stop()
  part('viewfinder').hidden = true
  part('camera').focus()
  canvas.toBlob(take, 'image/png')
}

const drop = part('drop')
drop.addEventListener('dragover', event => {
  event.preventDefault()
  drop.classList.add('over')
})
drop.addEventListener('dragleave', () => drop.classList.remove('over'))
drop.addEventListener('drop', event => {
  event.preventDefault()
  drop.classList.remove('over')
  take(event.dataTransfer.files[0])
})
document.addEventListener('paste', event => take(event.clipboardData.files[0]))
part('file').addEventListener('change', event => {
  take(event.target.files[0])
  event.target.value = ''
})
part('again').addEventListener('click', classify)
part('stop').addEventListener('click', () => running?.abort())
part('camera').addEventListener('click', openCamera)
part('shoot').addEventListener('click', shoot)
part('size').addEventListener('input', showChange)
start()
