// The frame with an overlay of focus targets, and playback. It holds the playhead: on every new frame it
// dispatches "rackfocus:frame" to the window, and "rackfocus:seek" moves it. Points are (x, y) in pixels of the
// video, pixel centres at integers; in the overlay, whose view box begins at the image's edge, they are at + 0.5.
const AHEAD = 16; // frames requested before playback needs them
const KEPT = 64; // decoded frames at most
const AT_ONCE = 3; // requests at a time
const CLICK_PX = 5; // a shorter drag on the screen is a click
const LEAST_PX = 2; // of the video; a smaller box is ignored

export default {
  template: `
    <div class="rf-viewer">
      <div class="rf-stage" ref="stage">
        <div class="rf-picture" ref="picture" :style="fit" @pointerdown="press" @pointermove="drag"
             @pointerup="release" @pointercancel="gesture = null" role="img" :aria-label="'frame ' + frame">
          <canvas ref="canvas"></canvas>
          <svg :viewBox="'0 0 ' + width * columns + ' ' + height" preserveAspectRatio="none">
            <g v-for="column in columns" :transform="'translate(' + (column - 1) * width + ' 0)'">
              <g v-if="followed" :class="['rf-followed', { lost: followed[6] === 0 }]">
                <rect v-if="followed[2] !== null" v-bind="rect(followed.slice(2, 6))" class="rf-under" />
                <rect v-if="followed[2] !== null" v-bind="rect(followed.slice(2, 6))" />
                <path :d="cross(followed)" class="rf-under" /><path :d="cross(followed)" />
              </g>
              <g v-for="target in here" :class="['rf-target', target.strong ? 'strong' : 'weak']">
                <rect v-if="box(target)" v-bind="rect(box(target))" class="rf-under" />
                <rect v-if="box(target)" v-bind="rect(box(target))" />
                <path :d="cross(point(target))" class="rf-under" /><path :d="cross(point(target))" />
                <template v-if="target.selected && box(target)">
                  <rect v-for="(corner, number) in corners(box(target))" v-bind="handle(corner)"
                        class="rf-handle" :data-corner="number" />
                </template>
              </g>
              <rect v-if="drawn" v-bind="rect(drawn)" class="rf-drawn" />
            </g>
          </svg>
          <div v-if="notice" class="rf-notice" role="status">{{ notice }}</div>
          <audio v-if="sound" ref="sound" :src="sound" preload="auto"></audio>
        </div>
      </div>
      <div class="rf-transport">
        <button v-for="[action, icon, words] in buttons" class="rf-icon" :class="{ primary: action === 'play' }"
                :title="words" :aria-label="words" :data-action="action" @click="act(action)">
          <i class="material-icons" aria-hidden="true">{{ action === "play" && playing ? "pause" : icon }}</i>
        </button>
        <label class="rf-number">frame
          <input type="number" min="0" :max="frames - 1" :value="typed ?? frame" aria-label="frame"
                 @input="typed = $event.target.value" @blur="typed = null"
                 @change="step(Number(typed || frame))" @keydown.enter="$event.target.blur()" />
        </label>
        <span class="rf-quiet">of {{ frames }}</span>
        <span class="rf-time">{{ clock(frame) }}</span><span class="rf-quiet">/ {{ clock(frames) }}</span>
      </div>
    </div>`,

  props: {
    frames: Number,
    fps: Number,
    width: Number,
    height: Number,
    source: String, // address of a frame's image without its revision; contains {frame}
    times: Array, // presentation time of each frame in seconds; empty if the rate is constant
    sound: String, // address of a file with the sound of the frames, or empty
    columns: Number, // number of frames side by side in one image
    targets: Array, // { key, t, x, y, box, strong, selected }
  },

  // track: the followed subject in each frame: x, y, left, top, right, bottom, confidence; or null.
  // revisions: of the images of frames around the playhead; an image of unknown revision is not requested.
  // typed: a number being typed into the field, kept when the field is drawn again.
  data: () => ({ track: [], revisions: {}, frame: 0, typed: null, playing: false, gesture: null, notice: "", room: [16, 9] }),

  computed: {
    buttons: () => [
      ["first", "first_page", "first frame (Home)"],
      ["previous-target", "skip_previous", "previous target (Up)"],
      ["back", "chevron_left", "one frame back (Left)"],
      ["play", "play_arrow", "play or pause (Space)"],
      ["forward", "chevron_right", "one frame on (Right)"],
      ["next-target", "skip_next", "next target (Down)"],
      ["last", "last_page", "last frame (End)"],
    ],
    fit() {
      const [across, down] = this.room;
      const aspect = (this.width * this.columns) / this.height;
      const width = Math.min(across, down * aspect);
      return { width: `${width}px`, height: `${width / aspect}px` };
    },
    here() {
      return this.targets.filter((target) => target.t === this.frame);
    },
    followed() {
      return this.here.some((target) => target.strong) ? null : (this.track[this.frame] ?? null);
    },
    drawn() {
      return this.gesture?.kind === "draw" && this.gesture.moved ? this.gesture.box : null;
    },
  },

  watch: {
    source() {
      this.revisions = {};
      this.pictures.clear();
      this.announce();
    },
  },

  created() {
    this.pictures = new Map(); // address -> decoded image, or null while it is loading
    this.frame = Number(location.hash.slice(1)) || 0; // a page that is reloaded keeps its playhead
  },
  mounted() {
    this.sizes = new ResizeObserver(([entry]) => {
      this.room = [entry.contentRect.width, entry.contentRect.height];
    });
    this.sizes.observe(this.$refs.stage);
    this.onSeek = (event) => {
      this.pause();
      this.show(event.detail);
    };
    this.onAction = (event) => this.act(event.detail);
    window.addEventListener("rackfocus:seek", this.onSeek);
    window.addEventListener("rackfocus:action", this.onAction);
    this.show(this.frame);
  },
  unmounted() {
    this.playing = false;
    this.sizes.disconnect();
    window.removeEventListener("rackfocus:seek", this.onSeek);
    window.removeEventListener("rackfocus:action", this.onAction);
  },

  methods: {
    // Actions of keys and buttons. Those not handled here are sent to the server with their frame and target,
    // because the server may not have received the latest frame event yet.
    act(action) {
      const steps = { back: -1, forward: 1, "back-10": -10, "forward-10": 10 };
      if (action === "play") return this.playing ? this.pause() : this.play();
      if (action in steps) return this.step(this.frame + steps[action]);
      if (action === "first") return this.step(0);
      if (action === "last") return this.step(this.frames - 1);
      const times = [...new Set(this.targets.map((target) => target.t))].sort((a, b) => a - b);
      if (action === "next-target") return this.step(times.find((t) => t > this.frame) ?? this.frame);
      if (action === "previous-target") return this.step(times.findLast((t) => t < this.frame) ?? this.frame);
      const meant = this.meant?.frame === this.frame ? this.meant.key : null;
      const key = this.here.find((target) => target.selected)?.key ?? meant;
      this.$emit("action", { action, key, frame: this.frame, playing: this.playing });
    },
    step(frame) {
      this.pause();
      this.show(frame);
    },
    show(frame) {
      if (!Number.isFinite(frame)) return;
      this.frame = Math.max(0, Math.min(this.frames - 1, Math.round(frame)));
      this.announce();
      this.fetchAround();
    },
    // A target has moved in time: the playhead moves with it if it is still there, and actions use its new name.
    along(from, to, key) {
      if (this.frame !== from) return;
      this.meant = { frame: to, key };
      this.show(to);
    },
    announce() {
      window.dispatchEvent(new CustomEvent("rackfocus:frame", { detail: this.frame }));
      if (!this.playing) history.replaceState(null, "", `#${this.frame}`);
      this.$emit("frame", { frame: this.frame, playing: this.playing });
    },

    // Playback follows the clock; it waits for a frame that is not loaded yet.
    play() {
      if (this.playing) return;
      if (this.frame === this.frames - 1) this.show(0);
      this.playing = true;
      let [from, since] = [this.frame, null]; // the clock; null while waiting for a frame
      const tick = (now) => {
        if (!this.playing) return;
        let reached = this.frame;
        if (since === null && this.has(reached + 1)) {
          [from, since] = [reached, now];
          this.hear(true);
        }
        const passed = since === null ? 0 : (now - since) / 1000;
        const due = (frame) => frame < this.frames && this.when(frame) - this.when(from) <= passed;
        while (due(reached + 1) && this.has(reached + 1)) reached += 1;
        if (reached !== this.frame) this.show(reached);
        else if (since !== null && due(reached + 1)) {
          since = null;
          this.hear(false);
        }
        if (this.frame === this.frames - 1) return this.pause();
        requestAnimationFrame(tick);
      };
      this.announce();
      this.fetchAround();
      requestAnimationFrame(tick);
    },
    pause() {
      if (!this.playing) return;
      this.playing = false;
      this.hear(false);
      this.announce();
    },
    hear(on) {
      const sound = this.$refs.sound;
      if (!sound) return;
      if (!on) return sound.pause();
      sound.currentTime = this.when(this.frame);
      sound.play().catch(() => {}); // no sound if the browser does not support the format
    },
    when(frame) {
      return this.times.length ? this.times[Math.min(frame, this.frames - 1)] : frame / this.fps;
    },
    has(frame) {
      return Boolean(this.pictures.get(this.address(frame)));
    },

    // Replaces rows of the track, beginning at frame `first`.
    follow(first, rows) {
      this.track = Object.freeze([...this.track.slice(0, first), ...rows, ...this.track.slice(first + rows.length)]);
    },

    // Sets the revisions of the images from a frame on; all others are removed.
    revise(first, revisions) {
      this.revisions = Object.fromEntries(revisions.map((revision, number) => [first + number, revision]));
      this.fetchAround();
    },
    address(frame) {
      const revision = this.revisions[frame];
      return revision === undefined ? null : `${this.source.replace("{frame}", frame)}&rev=${revision}`;
    },
    // Loads the current frame first, and the following ones only during playback.
    fetchAround() {
      this.draw();
      const last = this.playing ? Math.min(this.frame + AHEAD, this.frames - 1) : this.frame;
      let underWay = [...this.pictures.values()].filter((picture) => picture === null).length;
      for (let frame = this.frame; frame <= last; frame += 1) {
        const address = this.address(frame);
        if (address === null || this.pictures.has(address)) continue;
        if (underWay >= AT_ONCE) return; // called again when a request has finished
        underWay += 1;
        this.pictures.set(address, null);
        this.fetch(address);
      }
      for (const [address, picture] of this.pictures) {
        if (this.pictures.size <= KEPT) break;
        if (picture !== null && address !== this.address(this.frame)) this.pictures.delete(address);
      }
    },
    async fetch(address) {
      let words = "";
      try {
        const response = await fetch(address);
        if (response.ok) {
          const picture = await createImageBitmap(await response.blob());
          if (this.pictures.has(address)) this.pictures.set(address, picture);
        } else {
          words = (await response.text()).slice(0, 300);
        }
      } catch {
        words = "The server does not answer; start rackfocus annotate again, and reload this page.";
      }
      if (words) this.pictures.delete(address);
      if (address === this.address(this.frame)) {
        this.notice = words;
        if (words) this.pause();
      }
      if (!words || address !== this.address(this.frame)) this.fetchAround();
    },
    draw() {
      const address = this.address(this.frame);
      const picture = this.pictures.get(address);
      clearTimeout(this.late);
      if (!picture) {
        this.late = setTimeout(() => (this.notice = this.notice || "estimating this frame …"), 400);
        return;
      }
      this.notice = "";
      const canvas = this.$refs.canvas;
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext("2d").drawImage(picture, 0, 0);
      canvas.dataset.shown = address;
    },

    // A drag draws a box, or moves or stretches that of the selected target; a click is a point.
    press(event) {
      if (event.button !== 0) return;
      this.pause();
      const column = Math.min(this.columns - 1, Math.floor(this.across(event)));
      const at = this.pixel(event, column);
      const selected = this.here.find((target) => target.selected && target.box);
      const corner = event.target.dataset.corner;
      const inside = selected && within(at, selected.box);
      this.gesture = {
        kind: corner !== undefined ? "stretch" : inside ? "move" : "draw",
        at,
        column,
        screen: [event.clientX, event.clientY],
        moved: false,
        corner: Number(corner),
        target: selected,
        box: selected?.box,
      };
      this.$refs.picture.setPointerCapture(event.pointerId);
    },
    drag(event) {
      const gesture = this.gesture;
      if (!gesture) return;
      const [x, y] = this.pixel(event, gesture.column);
      const [x0, y0] = gesture.at;
      gesture.moved ||= Math.hypot(event.clientX - gesture.screen[0], event.clientY - gesture.screen[1]) >= CLICK_PX;
      if (gesture.kind === "draw") gesture.box = ordered([x0, y0, x, y]);
      else if (gesture.kind === "move") gesture.box = moved(gesture.target.box, x - x0, y - y0, this.width, this.height);
      else {
        const box = [...gesture.target.box];
        box[gesture.corner % 2 ? 2 : 0] = x;
        box[gesture.corner < 2 ? 1 : 3] = y;
        gesture.box = ordered(box);
      }
    },
    release(event) {
      const gesture = this.gesture;
      this.gesture = null;
      if (!gesture) return;
      const [x, y] = this.pixel(event, gesture.column);
      const [left, top, right, bottom] = gesture.box ?? [x, y, x, y];
      const tiny = Math.min(right - left, bottom - top) < LEAST_PX;
      const click = !gesture.moved || tiny;
      if (gesture.kind !== "draw") {
        if (!click) this.$emit("reshape", { key: gesture.target.key, box: gesture.box });
      } else if (click) this.$emit("pick", { frame: this.frame, x, y, box: null });
      else {
        this.$emit("pick", { frame: this.frame, x: (left + right) / 2, y: (top + bottom) / 2, box: gesture.box });
      }
    },
    // The horizontal position in widths of a frame; its integer part is the frame among those side by side.
    across(event) {
      const picture = this.$refs.picture.getBoundingClientRect();
      return ((event.clientX - picture.left) / picture.width) * this.columns;
    },
    // The position relative to the frame in which a gesture began.
    pixel(event, column) {
      const picture = this.$refs.picture.getBoundingClientRect();
      const x = (this.across(event) - column) * this.width - 0.5;
      const y = ((event.clientY - picture.top) / picture.height) * this.height - 0.5;
      return [clamp(x, 0, this.width - 1), clamp(y, 0, this.height - 1)].map((value) => Math.round(value * 10) / 10);
    },

    box(target) {
      const gesture = this.gesture;
      return gesture?.moved && gesture.kind !== "draw" && gesture.target.key === target.key ? gesture.box : target.box;
    },
    point(target) {
      const box = this.box(target);
      return box === target.box ? [target.x, target.y] : [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    },
    rect([left, top, right, bottom]) {
      return { x: left + 0.5, y: top + 0.5, width: right - left, height: bottom - top };
    },
    corners: ([left, top, right, bottom]) => [[left, top], [right, top], [left, bottom], [right, bottom]],
    handle([x, y]) {
      const size = (10 * this.width * this.columns) / Math.max(1, parseFloat(this.fit.width));
      return { x: x + 0.5 - size / 2, y: y + 0.5 - size / 2, width: size, height: size };
    },
    cross([x, y]) {
      const arm = (8 * this.width * this.columns) / Math.max(1, parseFloat(this.fit.width));
      return `M${x + 0.5 - arm} ${y + 0.5}h${2 * arm}M${x + 0.5} ${y + 0.5 - arm}v${2 * arm}`;
    },
    clock(frame) {
      const seconds = this.when(frame);
      const whole = Math.floor(seconds % 60);
      const rest = String(Math.floor((seconds % 1) * 100)).padStart(2, "0");
      return `${Math.floor(seconds / 60)}:${String(whole).padStart(2, "0")}.${rest}`;
    },
  },
};

const clamp = (value, least, most) => Math.max(least, Math.min(most, value));
const ordered = ([x0, y0, x1, y1]) => [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
const within = ([x, y], [left, top, right, bottom]) => x >= left && x <= right && y >= top && y <= bottom;
function moved([left, top, right, bottom], across, down, width, height) {
  const x = clamp(across, -left, width - 1 - right);
  const y = clamp(down, -top, height - 1 - bottom);
  return [left + x, top + y, right + x, bottom + y].map((value) => Math.round(value * 10) / 10);
}
