// The list of a folder's videos as links, scrolled to the open video.
export default {
  template: `
    <div class="rf-list">
      <a v-for="item in items" :key="item.name" :href="item.address" :class="['rf-entry', { current: item.current }]">
        <div class="rf-thumbnail">
          <img v-if="item.picture" :src="item.picture" alt="" loading="lazy" @error="$event.target.remove()" />
          <i class="material-icons q-icon" role="img" :aria-label="item.state">{{ item.icon }}</i>
        </div>
        <div class="rf-words">
          <div class="rf-name">{{ item.name }}</div>
          <div class="rf-quiet rf-facts">{{ item.facts }}</div>
        </div>
      </a>
    </div>`,
  props: { items: Array }, // { name, address, picture, state, icon, facts, current }
  mounted() {
    this.$el.querySelector(".current")?.scrollIntoView({ block: "center" });
  },
};
