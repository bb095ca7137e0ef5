# Varnish as a cache in front of two or more instances. What it holds is a second old at most, and is
# asked for again by its entity-tag. docs/many-machines.md says how the instances are started, and why.
#
#     varnishd -f /etc/varnish/varnish.vcl -s malloc,256m -p feature=+http2 -p backend_idle_timeout=10 \
#         -a /run/varnish-clients.sock,PROXY,mode=666
#
# behind hitch (hitch.conf), which ends TLS and tells who the client is. To change: the addresses of
# the instances.

vcl 4.1;

import directors;
import std;

# Two checks of the last three that fail take an instance out. An instance that drains says 503.
probe health {
    .url = "/health";
    .interval = 1s;
    .timeout = 1s;
    .window = 3;
    .threshold = 2;
    .initial = 2;
}

# A line for each instance, and one in vcl_init.
backend one { .host = "10.0.0.1"; .port = "8080"; .connect_timeout = 2s; .probe = health; }
backend two { .host = "10.0.0.2"; .port = "8080"; .connect_timeout = 2s; .probe = health; }

sub vcl_init {
    # Each path has its instance, and others in a fixed order for when that one is not well.
    new instances = directors.shard();
    instances.add_backend(one);
    instances.add_backend(two);
    instances.reconfigure();
}

sub vcl_recv {
    # While there is an instance that is well, nothing stale is sent.
    if (std.healthy(instances.backend(by=URL))) {
        set req.grace = 0s;
    }
    # A file is the same whatever cookies its reader has.
    unset req.http.Cookie;
}

sub vcl_backend_fetch {
    set bereq.backend = instances.backend(by=URL, alt=bereq.retries);
}

sub vcl_backend_response {
    if (beresp.status == 503 && bereq.method ~ "^(GET|HEAD)$" && bereq.retries < 3) {
        return (retry);
    }
    if (bereq.uncacheable) {
        return (deliver);
    }
    # Long files are passed on, so that a part of one is asked for as a part.
    if (std.integer(beresp.http.Content-Length, 0) > 10000000) {
        return (pass(1h));
    }
    # no-cache is what the instances say of all that no --cache-control is about: to be kept, and asked
    # for again. Here, that is once a second. It is sent on as it is, so that browsers ask each time.
    if (beresp.http.Cache-Control == "no-cache") {
        set beresp.ttl = 1s;
        # How long what is stale is sent while no instance is well, and kept to be asked for again.
        set beresp.grace = 1h;
        set beresp.keep = 24h;
        return (deliver);
    }
}

# A GET or HEAD that got no answer goes to another instance. Any other method is sent once.
sub vcl_backend_error {
    if (bereq.method ~ "^(GET|HEAD)$" && bereq.retries < 3) {
        return (retry);
    }
}
