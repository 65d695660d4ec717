% Throughput and time per solution of Octave's queueing package, for the networks of ../peers.rs.
% Prints: name, throughput of the first class, microseconds.
pkg load queueing
warning("off", "all");

function report(name, f, n)
  x = f();                            % once to load and compile
  best = Inf;
  for k = 1:3
    t = tic();
    for i = 1:n
      x = f();
    end
    best = min(best, toc(t) / n);
  end
  printf("%s %.12g %.3f\n", name, x, 1e6 * best);
end

S = [0.004 0.002 0.0015 0.0011 0.003 0.0005 0.0019];
function x = single(N, S, m, Z)
  [U R Q X] = qncsmva(N, S, ones(1, 7), m, Z);
  x = X(1);
end
report("single-servers-64", @() single(64, S, ones(1, 7), 0.2), 20);
report("multi-servers-64", @() single(64, S, [4 1 1 1 2 1 1], 0.2), 20);
report("multi-servers-1000", @() single(1000, S, [4 1 1 1 2 1 1], 0.2), 1);

function x = several(N, S, m, Z)
  [U R Q X] = qncmmva(N, S, ones(size(S)), m, Z);
  x = X(1, 1);
end
D = [0.004 0.002 0.0015; 0.01 0.001 0.002];
report("two-classes-20-20", @() several([20 20], D, [1 1 1], [0.2 0.3]), 1);
% Its multi-class solver has no multi-servers with demands that differ between classes.
