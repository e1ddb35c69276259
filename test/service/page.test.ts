import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../src/service/serve'
import { useForkedPython } from '../support/forked-python'
import { digitImages, digitsService } from './digits-service'

useForkedPython()

const CHROMIUM = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium'
const isThere = existsSync(CHROMIUM)

/** Where the pictures of the page go, to be looked at; without it none are taken. */
const { FT_CADIS_SCREENSHOTS: screenshots } = process.env

// Without Chromium the title of what is skipped says so.
describe.skipIf(!isThere)(
  `the page of a service${isThere ? '' : `: ${CHROMIUM} does not exist, set CHROMIUM_BIN`}`,
  () => {
    let service: Service
    let browser: Browser
    let image: Buffer
    const problems: string[] = []

    beforeAll(async () => {
      ;[image = Buffer.alloc(0)] = await digitImages(1)
      service = (await digitsService()).service
      browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
      })
    })
    afterAll(async () => {
      await browser?.close()
      await service?.close()
    })

    async function opened(width: number): Promise<Page> {
      const page = await browser.newPage({ viewport: { width, height: 844 } })
      page.on('console', message => {
        if (message.type() === 'error') problems.push(message.text())
      })
      page.on('pageerror', error => problems.push(error.message))
      await page.goto(service.url)
      await page.locator('#about', { hasText: 'classes' }).waitFor()
      return page
    }

    const file = () => ({ name: '6.png', mimeType: 'image/png', buffer: image })

    it.each([1280, 390])('shows class, radius, votes and copies of an image, %d pixels wide', async width => {
      const page = await opened(width)
      await page.setInputFiles('#file', file())
      await page.waitForSelector('#seen:not([hidden])')
      expect(await page.textContent('#class')).toBe('6')
      expect(await page.textContent('#statement')).toMatch(/The same within an ℓ2 radius of 0\.\d+/)
      expect(await page.textContent('#status')).toMatch(/^Final: 6\. /)
      expect(await page.getAttribute('#values', 'class')).toBe('certified')
      expect(await page.textContent('#votes tbody tr:first-child th')).toBe('6')
      expect(await page.locator('#copies img').count()).toBe(8)
      expect(await page.locator('#history li').count()).toBe(1)
      // Nothing is cut off at the side.
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
      if (screenshots !== undefined) {
        await mkdir(screenshots, { recursive: true })
        await page.screenshot({ path: join(screenshots, `page-${width}.png`), fullPage: true })
      }
      await page.close()
    })

    it('shows preliminary values as such, and stops when it is told to', async () => {
      const page = await opened(390)
      await page.fill('#n', '20000')
      await page.setInputFiles('#file', file())
      await page.locator('#statement', { hasText: 'no certificate yet' }).waitFor()
      expect(await page.getAttribute('#values', 'class')).toBe('preliminary')
      if (screenshots !== undefined)
        await page.screenshot({ path: join(screenshots, 'partial.png'), fullPage: true })
      await page.click('#stop')
      await page.waitForSelector('#result', { state: 'hidden' })
      expect(await page.textContent('#problem')).toBe('')
      await page.close()
    })

    it('says what is wrong and what to do', async () => {
      const page = await opened(390)
      await page.setInputFiles('#file', { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('none') })
      await page.locator('#problem:not(:empty)').waitFor()
      expect(await page.textContent('#problem')).toMatch(/No image format.*Give a JPEG/)
      // Chromium itself notes the status of the answer.
      expect(problems.splice(0)).toEqual([expect.stringContaining('415')])
      await page.close()
    })

    it('shows a change of the size of the slider', async () => {
      const page = await opened(390)
      await page.setInputFiles('#file', file())
      await page.waitForSelector('#seen:not([hidden])')
      await page.focus('#size')
      await page.keyboard.press('Home')
      const size = `(() => {
      const read = id => document.getElementById(id).getContext('2d').getImageData(0, 0, 8, 8).data
      const [a, b] = [read('plain'), read('changed')]
      return Math.sqrt([...a].reduce((sum, value, place) => sum + (place % 4 === 0 ? ((value - b[place]) / 255) ** 2 : 0), 0))
    })()`
      expect(await page.evaluate(size)).toBe(0)
      for (let step = 0; step < 50; step += 1) await page.keyboard.press('ArrowRight')
      expect(await page.textContent('#size-value')).toBe('0.50')
      // Pixels are cut off at black and white.
      const shown = (await page.evaluate(size)) as number
      expect(shown).toBeGreaterThan(0.2)
      expect(shown).toBeLessThanOrEqual(0.52)
      await page.close()
    })

    it('is used by keyboard alone, and every control has a name', async () => {
      const page = await opened(1280)
      const named: string[] = []
      for (let step = 0; step < 6; step += 1) {
        await page.keyboard.press('Tab')
        named.push(
          String(
            await page.evaluate(`(() => {
            const { labels, textContent, id } = document.activeElement
            return id + ': ' + (labels?.[0]?.textContent ?? textContent).trim()
          })()`),
          ),
        )
      }
      expect(named).toEqual([
        'file: Choose a file',
        'camera: Use the camera',
        'n: Noisy copies (n)',
        'alpha: α',
        'radius: One radius (optional)',
        ': Interface for programs',
      ])
      await page.close()
    })

    it('takes a picture by the camera', async () => {
      const page = await opened(390)
      await page.click('#camera')
      await page.waitForSelector('#viewfinder:not([hidden])')
      await page.click('#shoot')
      await page.waitForSelector('#seen:not([hidden])')
      expect(await page.textContent('#status')).toMatch(/^Final: /)
      await page.close()
    })

    it('leaves no error in the console', () => {
      expect(problems).toEqual([])
    })
  },
)
