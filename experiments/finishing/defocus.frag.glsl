// Defocus by the signed blur radius in the alpha of iChannel0, in pixels, negative in front of the focal plane:
// each pixel spreads its light evenly over its disk, and what is behind another pixel is covered by it.
// A shader of Natron's Shadertoy node.
// iChannel0: Source (Linear light in R, G and B, signed blur radius in pixels in A.), filter=nearest, wrap=clamp
// BBox: iChannel0

const vec2 iRenderScale = vec2(1., 1.);
const int REACH = 32;          // the largest radius, in pixels
const float PI = 3.14159265;
const float PIXEL = .5;         // the least radius: such a disk reaches no other pixel

void mainImage(out vec4 fragColor, in vec2 fragCoord)
{
    float here = texture2D(iChannel0, fragCoord / iResolution.xy).a * iRenderScale.x;
    vec4 sum = vec4(0.);
    for (int y = -REACH; y <= REACH; y++) {
        for (int x = -REACH; x <= REACH; x++) {
            vec2 offset = vec2(float(x), float(y));
            vec4 there = texture2D(iChannel0, (fragCoord + offset) / iResolution.xy);
            float signed_px = there.a * iRenderScale.x;
            float radius = abs(signed_px);
            // Of what is behind this pixel only that is seen which lies as near as this pixel itself spreads.
            if (signed_px > here) {
                radius = min(radius, abs(here));
            }
            radius = max(radius, PIXEL);
            float weight = clamp(radius - length(offset) + .5, 0., 1.) / (PI * radius * radius);
            sum += vec4(there.rgb * weight, weight);
        }
    }
    fragColor = vec4(sum.rgb / sum.a, 1.);
}
