// page.cjs PAGE SHOTS - opens the page of a report in Chromium and tries it; screenshots go to SHOTS-*.png.
'use strict';
const { chromium } = require('playwright-core');
const { pathToFileURL } = require('url');
const assert = require('assert');

const [page, shots] = process.argv.slice(2);
const wrong = [];

async function open(browser, colorScheme) {
	const tab = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } });
	tab.on('console', m => m.type() === 'error' && wrong.push('console: ' + m.text()));
	tab.on('pageerror', e => wrong.push('error: ' + e.message));
	tab.on('request', r => r.url() === pathToFileURL(page).href || r.url().startsWith('data:') || wrong.push('fetches ' + r.url()));
	const begin = Date.now();
	await tab.goto(pathToFileURL(page).href);
	await tab.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
	return [tab, Date.now() - begin];
}

// What the page has laid on its lanes is what the report says that they were busy.
const compare = tab => tab.evaluate(() => {
	const { report, lanes } = window.farmmake;
	const told = [report.usage.here.slots_busy_s, ...report.nodes.map(n => n.slots_busy_s)].flat();
	return { lanes: lanes.length, told: told.length, most: Math.max(...lanes.map((l, i) => Math.abs(l.busy - told[i]))) };
});

// Where on the screen a job's widest span is.
const locate = (tab, id) => tab.evaluate(id => {
	const { lanes, view } = window.farmmake, scroll = document.getElementById('scroll');
	let best = null;
	lanes.forEach((lane, i) => lane.spans.forEach(s => {
		if (s.row.id === id && (!best || s.to - s.from > best.s.to - best.s.from)) best = { s, i };
	}));
	scroll.scrollTop = best.i * 16 - 100;
	const box = document.getElementById('lanes').getBoundingClientRect();
	const t = (best.s.from + best.s.to) / 2, v = view();
	return { x: box.left + 150 + (t - v.begin) / (v.end - v.begin) * (box.width - 150), y: box.top + 20 + best.i * 16 + 8 - scroll.scrollTop };
}, id);

async function click(tab, id) {
	await tab.evaluate(() => document.getElementById('scroll').scrollIntoView({ block: 'start' }));
	const at = await locate(tab, id);
	await tab.mouse.click(at.x, at.y);
	const detail = await tab.textContent('#detail');
	const job = await tab.evaluate(id => window.farmmake.report.jobs.find(j => j.id === id), id);
	assert(detail.includes(job.source), `a click on job ${id} shows: ${detail}`);
	for (const moment of ['start', 'sent', 'started', 'compiled', 'done'])
		if (job.t[moment] !== null) assert(detail.includes(`${moment} ${job.t[moment].toFixed(3)}`), `${moment} in: ${detail}`);
}

// How long a step of zooming takes, with all that is drawn for it.
const zoom = tab => tab.evaluate(async () => {
	const canvas = document.getElementById('lanes'), box = canvas.getBoundingClientRect(), times = [];
	for (let i = 0; i < 20; i++) {
		const begin = performance.now();
		canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: i < 10 ? -1 : 1, clientX: box.left + 600, clientY: box.top + 40, cancelable: true }));
		await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
		times.push(performance.now() - begin);
	}
	return times.sort((a, b) => a - b)[10];
});

(async () => {
	const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
	for (const scheme of ['light', 'dark']) {
		const [tab, ms] = await open(browser, scheme);
		const jobs = await tab.evaluate(() => window.farmmake.report.jobs.length);
		const lanes = await compare(tab);
		assert.strictEqual(lanes.lanes, lanes.told);
		assert(lanes.most < 1e-4, `a lane differs by ${lanes.most} s`);
		await tab.screenshot({ path: `${shots}-${scheme}.png`, fullPage: true });
		if (jobs > 1000) // one of 30 000 is a fraction of a pixel
			await tab.evaluate(() => { for (let i = 0; i < 16; i++) document.getElementById('lanes').dispatchEvent(new WheelEvent('wheel', { deltaY: -1, clientX: document.getElementById('lanes').getBoundingClientRect().left + 150, cancelable: true })); });
		for (const id of [1, 2, 8]) await click(tab, id);
		await tab.screenshot({ path: `${shots}-${scheme}-zoomed.png` });
		await tab.click('#whole');
		const frame = await zoom(tab);
		const row = tab.locator('tr[data-job]').first();
		await row.click();
		assert((await tab.textContent('#detail')).includes(await row.locator('td').first().textContent()), 'a row shows its job');
		console.log(`  ${jobs} jobs, ${scheme}: there after ${ms} ms, a step of zooming takes ${frame.toFixed(0)} ms`);
		assert(ms < 10000 && frame < 250, 'too slow');
		await tab.close();
	}
	await browser.close();
	assert.deepStrictEqual(wrong, []);
})().catch(e => { console.error(e.message); process.exit(1); });
